package unitname

import "testing"

// TestUnescape: an escaped instance of a unit is read as systemd-escape(1) writes it, and what is no escape stays.
func TestUnescape(t *testing.T) {
	t.Parallel()
	for name, escaped := range map[string]string{"web": "web", "debian-12": `debian\x2d12`, "a_b.c": "a_b.c", ".x": `\x2ex`, "ü": `\xc3\xbc`} {
		if got := Escape(name); got != escaped {
			t.Errorf("%s: %s", name, got)
		}
		if got := Unescape(escaped); got != name {
			t.Errorf("%s: %s", escaped, got)
		}
	}
	for _, odd := range []string{`a\x2`, `\xzz1`, `\`} {
		if got := Unescape(odd); got != odd {
			t.Errorf("%s: %s", odd, got)
		}
	}
}

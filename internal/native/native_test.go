package native

import "testing"

// TestError: an error names its file, and the line and the key if it has them.
func TestError(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]*Error{
		"config: it is empty":    {File: "config", Text: "it is empty"},
		"config:3: a.b: no word": {"config", 3, "a.b", "no word"},
		"config:3: no key":       {File: "config", Line: 3, Text: "no key"},
	} {
		if got := e.Error(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

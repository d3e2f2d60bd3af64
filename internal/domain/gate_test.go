package domain

import (
	"cmp"
	"errors"
	"strings"
	"testing"
)

// TestGates: each entry of notYetSupported keeps its element out without the others, and lets it in when
// it is lifted.
func TestGates(t *testing.T) {
	t.Parallel()
	lifted := map[string]string{} // and what shows that it is lifted
	for path := range notYetSupported() {
		inner, known := lifted[path]
		if !known {
			t.Errorf("%s has no row here", path)
			continue
		}
		doc := with(inner)
		_, err := Parse([]byte(doc))
		var e *Error
		if !errors.As(err, &e) || e.Kind != InvalidConfig || e.Element != path || !strings.Contains(e.Text, "does not support") {
			t.Errorf("%s is not kept out: %v", path, err)
		}
		gate := notYetSupported()
		delete(gate, path)
		if _, err := parse([]byte(doc), gate); err != nil {
			t.Errorf("%s lifted: %v", path, err)
		}
		delete(lifted, path)
	}
	for path := range lifted {
		t.Errorf("%s is served", path)
	}
}

// TestArch: the host's own architecture and its 32-bit sibling are accepted, and no other.
func TestArch(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		arch, host string
		ok         bool
	}{
		{"", "x86_64", true},
		{"", "riscv64", true},
		{"x86_64", "x86_64", true},
		{"i686", "x86_64", true},
		{"armv7l", "aarch64", true},
		{"i686", "aarch64", false},
		{"x86_64", "i686", false},
		{"i686", "i686", true},
		{"none", "riscv64", false},
		{"vax", "x86_64", false},
	} {
		var o OS
		err := readArch(&o, tc.arch, tc.host)
		if (err == nil) != tc.ok || tc.ok && o.Arch != cmp.Or(tc.arch, tc.host) {
			t.Errorf("arch %q on %s: %+v, %v", tc.arch, tc.host, o, err)
		}
	}
	own := OS{Arch: hostArch()}
	if own.Personality32() || (OS{}).Personality32() {
		t.Error("the host's own architecture needs no personality")
	}
	sibling := siblingArch(hostArch())
	if sibling == "" {
		return // this host has none; the table above has those that do
	}
	if !(OS{Arch: sibling}).Personality32() {
		t.Errorf("%s needs a personality", sibling)
	}
	doc := []byte(strings.Replace(with(""), "<type>", "<type arch='"+sibling+"'>", 1))
	d, err := Parse(doc)
	if err != nil {
		t.Fatal(err)
	}
	fixpoint(t, d, notYetSupported())
	filtered := strings.Replace(extensionXML("<seccomp profile='default'/>"), "<type>", "<type arch='"+sibling+"'>", 1)
	if d, err = Parse([]byte(filtered)); err != nil || !d.OS.Personality32() || d.Extension.Seccomp != "default" {
		t.Errorf("a filter for %s: %v", sibling, err)
	}
}

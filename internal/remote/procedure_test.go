package remote

import (
	"os"
	"strings"
	"testing"
)

// readOnlyRefuses are the procedures that libvirt refuses to a connection that only reads.
var readOnlyRefuses = map[int32]bool{
	135: true, 29: true, 11: true, 350: true, 35: true, 231: true, 9: true, 196: true, 310: true, 10: true, 309: true, 12: true, 234: true,
	33: true, 258: true, 27: true, 34: true, 28: true, 201: true, 295: true, 264: true, 8: true, 160: true, 13: true, 161: true, 174: true,
	30: true, 31: true, 204: true, 197: true, 205: true, 58: true, 219: true, 390: true, 450: true,
	358: true, 392: true, 245: true, 164: true, 442: true, 32: true, 199: true, 254: true, 256: true, 279: true,
	// These change nothing.
	277: true, 337: true, 342: true, 349: true, 418: true,
}

// TestTable: each procedure has a right or a reason for none, exactly those are refused to readers that libvirt
// refuses, and what changes something is among them.
func TestTable(t *testing.T) {
	t.Parallel()
	for program, table := range tables() {
		for number, p := range table {
			switch {
			case !strings.HasPrefix(p.name, "vir"):
				t.Errorf("%d: %q is no function of libvirt's library", number, p.name)
			case p.open == "" && (p.action == "" || p.verb == ""):
				t.Errorf("%s has neither a right nor a reason for none", p.name)
			case p.open != "" && p.mutates:
				t.Errorf("%s changes something, and everybody may call it", p.name)
			case p.mutates && !p.writes:
				t.Errorf("%s changes something on a connection that only reads", p.name)
			case program == programRemote && p.writes != readOnlyRefuses[number]:
				t.Errorf("%s: refused to readers %v, by libvirt %v", p.name, p.writes, readOnlyRefuses[number])
			}
		}
	}
}

// TestVerbs: what rules are told is the name of a method on D-Bus, so that a rule holds for both. Get is that of
// properties.
func TestVerbs(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for _, name := range []string{"Container", "Manager"} {
		part, err := os.ReadFile("../../contract/introspection/org.berth1." + name + ".xml")
		if err != nil {
			t.Fatal(err)
		}
		text.Write(part)
	}
	for _, table := range tables() {
		for _, p := range table {
			if p.verb != "" && p.verb != "Get" && !strings.Contains(text.String(), `<method name="`+p.verb+`"`) {
				t.Errorf("%s: there is no method %s", p.name, p.verb)
			}
		}
	}
}

// TestNames: no procedure that is served is among those that are not.
func TestNames(t *testing.T) {
	t.Parallel()
	for number := range tables()[programRemote] {
		if name := nameOf(number); name != "" {
			t.Errorf("%s is served", name)
		}
	}
}

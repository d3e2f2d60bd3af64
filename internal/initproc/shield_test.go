package initproc

import (
	"strings"
	"testing"
)

// TestShield: the child cannot be dumped before it does anything else, and again as soon as its ids have changed. It
// has its name, by which it is told from the supervisor, before it waits for anything.
func TestShield(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"busybox", "idmap-privnet"} {
		lines := strings.Split(rehearse(t, planned(t, name)), "\n")
		shielded, named := false, false
		for i, line := range lines {
			switch {
			case strings.Contains(line, "PR_SET_DUMPABLE"):
				shielded = true
			case !shielded:
				t.Errorf("%s: %d %s: it can be dumped", name, i, line)
			case strings.Contains(line, "PR_SET_NAME"):
				named = true
			case strings.HasPrefix(line, "--") && !named:
				t.Errorf("%s: %d %s: it has no name yet", name, i, line)
			case strings.Contains(line, " setgid ") || strings.Contains(line, " setuid "):
				shielded = strings.Contains(line, " setgid ") // the kernel takes it back with the next one
			}
		}
		if !shielded {
			t.Errorf("%s: no call shields it", name)
		}
	}
}

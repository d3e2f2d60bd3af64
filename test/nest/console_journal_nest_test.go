//go:build nest

package nest

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// TestConsoleJournal: the output of a console that the definition names is in the journal, with the machine's fields, and
// that of another is not.
func TestConsoleJournal(t *testing.T) {
	clean(t)
	g := script(t, "talks", "echo 'first line'; echo 'of the second console' > /dev/tty2; printf 'no end of line'; exit 0")
	g.Devs = "<console type='pty'/><console type='pty'/>"
	g.More = extension("<journal console='0'/>")
	g.start(t)
	becomes(t, "talks", "shutoff/shutdown")
	var lines []string
	eventually(t, func() error {
		lines = strings.Split(run(t, "journalctl", "--output=cat", "MACHINE=talks", "CONTAINER_CONSOLE=console0"), "\n")
		if !slices.Contains(lines, "no end of line") {
			return errors.New("the journal has " + strings.Join(lines, "; "))
		}
		return nil
	})
	if !slices.Equal(lines, []string{"first line", "no end of line"}) {
		t.Errorf("the journal has %q", lines)
	}
	i := info(t, "talks")
	for _, match := range []string{"CONTAINER_UUID=" + i.UUID, "CONTAINER_NAME=talks", "SYSLOG_IDENTIFIER=talks", "_SYSTEMD_UNIT=machine-talks.scope"} {
		if got := run(t, "journalctl", "--output=cat", match, "PRIORITY=6"); !strings.Contains(got, "first line") {
			t.Errorf("%s: the journal has %q", match, got)
		}
	}
	if got := try(t, "journalctl", "--output=cat", "CONTAINER_CONSOLE=console1"); strings.Contains(got.Out, "second") {
		t.Errorf("the journal has %q", got.Out)
	}
}

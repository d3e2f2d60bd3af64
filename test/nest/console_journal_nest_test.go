//go:build nest

package nest

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// TestConsoleJournal: the output of a console that the definition names is in the journal, with the machine's fields,
// and that of another is not. The scope's log has it too, also the last words of a container that ends at once.
func TestConsoleJournal(t *testing.T) {
	clean(t)
	g := script(t, "talks", "echo 'first line'; echo 'of the second console' > /dev/tty2; printf 'no end of line'; exit 0")
	g.Devs = "<console type='pty'/><console type='pty'/>"
	g.More = extension("<journal console='0'/>")
	g.start(t)
	becomes(t, "talks", "shutoff/shutdown")
	i := info(t, "talks")
	uuid := "CONTAINER_UUID=" + i.UUID // the journal has those of the same name before
	var lines []string
	eventually(t, func() error {
		lines = strings.Split(journal(t, "--output=cat", uuid, "MACHINE=talks", "CONTAINER_CONSOLE=console0"), "\n")
		if !slices.Contains(lines, "no end of line") {
			return errors.New("the journal has " + strings.Join(lines, "; "))
		}
		return nil
	})
	if !slices.Equal(lines, []string{"first line", "no end of line"}) {
		t.Errorf("the journal has %q", lines)
	}
	for _, match := range []string{"CONTAINER_NAME=talks", "SYSLOG_IDENTIFIER=talks", "_UID=0", "--unit=machine-talks.scope"} {
		got := journal(t, "--output=json", uuid, "PRIORITY=6", match)
		if !strings.Contains(got, `"first line"`) || !strings.Contains(got, `"no end of line"`) {
			t.Errorf("%s: the journal has %s", match, got)
		}
	}
	if got := try(t, "journalctl", "--output=cat", uuid, "CONTAINER_CONSOLE=console1"); strings.Contains(got.Out, "second") {
		t.Errorf("the journal has %q", got.Out)
	}
}

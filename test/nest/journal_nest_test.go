//go:build nest

package nest

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/berthd/berth/contract"
)

// journal returns what journalctl prints when journald has written all that it was sent.
func journal(t testing.TB, args ...string) string {
	t.Helper()
	run(t, "journalctl", "--sync")
	return run(t, "journalctl", args...)
}

// journaled returns the records of the journal that match, each with its fields.
func journaled(t *testing.T, match ...string) (all []map[string]any) {
	t.Helper()
	for line := range strings.Lines(journal(t, append([]string{"--output=json", "--all"}, match...)...)) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		all = append(all, fields)
	}
	return all
}

// TestJournalMessages: what happens to a container is in the journal with the id of its message, with the fields of the
// container, and in the log of its scope. journalctl has a text for each message that there is.
func TestJournalMessages(t *testing.T) {
	clean(t)
	sleeper(t, "told").start(t)
	u := info(t, "told").UUID
	run(t, "berthctl", "suspend", "told")
	run(t, "berthctl", "resume", "told")
	run(t, "berthctl", "destroy", "told")
	broken := script(t, "broken", "")
	broken.define(t)
	if err := os.RemoveAll(broken.Root); err != nil {
		t.Fatal(err)
	}
	if got := try(t, "berthctl", "start", "broken"); got.Status == 0 {
		t.Error("a container without a root has started")
	}
	eventually(t, func() error {
		for id, container := range map[string]string{
			contract.MessageStarted: "told", contract.MessageSuspended: "told", contract.MessageResumed: "told",
			contract.MessageStopped: "told", contract.MessageStartFailed: "broken",
		} {
			if got := journaled(t, "MESSAGE_ID="+id, "CONTAINER_NAME="+container, "MACHINE="+container); len(got) != 1 {
				return fmt.Errorf("%d records of %s with the message %s", len(got), container, id)
			}
		}
		return nil
	})
	stopped := journaled(t, "MESSAGE_ID="+contract.MessageStopped, "CONTAINER_UUID="+u)
	if len(stopped) != 1 || stopped[0]["CONTAINER_REASON"] != "destroyed" || stopped[0]["SYSLOG_IDENTIFIER"] != "berthd" || stopped[0]["PRIORITY"] != "6" {
		t.Errorf("%v", stopped)
	}
	if got := journal(t, "--output=cat", "--unit=machine-told.scope"); !strings.Contains(got, "container stopped") {
		t.Errorf("the log of the scope:\n%s", got)
	}
	for _, r := range journaled(t, "_COMM=berthd") {
		about := false
		for _, key := range []string{"CONTAINER_NAME", "CONTAINER_UUID", "MACHINE"} {
			about = about || r[key] != nil
		}
		if text := fmt.Sprint(r["MESSAGE"]); (about || strings.Contains(text, "domain=")) && (r["CONTAINER_NAME"] == nil || r["CONTAINER_UUID"] == nil || r["MACHINE"] == nil) {
			t.Errorf("a record about a container without all of its fields: %v", r)
		}
	}
	run(t, "journalctl", "--update-catalog")
	if got := journal(t, "--catalog", "MESSAGE_ID="+contract.MessageStopped, "CONTAINER_NAME=told"); !strings.Contains(got, "Subject: Container told has stopped (destroyed)") {
		t.Errorf("journalctl --catalog:\n%s", got)
	}
	list := run(t, "journalctl", "--list-catalog")
	for _, id := range []string{contract.MessageStarted, contract.MessageNoSupervisor} {
		if !strings.Contains(list, id+" Berth: ") {
			t.Errorf("the catalog has no message %s", id)
		}
	}
}

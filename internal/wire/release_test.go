package wire

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// release has what release 0.1.0 wrote of each message between berthd and a supervisor: internal/wire at e0c27d2. It
// never changes.
const release = "testdata/0.1.0"

// released are the messages of release, by file.
func released() map[string]Message {
	return map[string]Message{
		"place.bin": &Place{}, "placed.bin": &Placed{}, "born.bin": &Born{PID: 4242, Supervisor: 4241},
		"continue.bin": &Continue{},
		"running.bin":  &Running{}, "terminate.bin": &Terminate{},
		"failed.bin": &Failed{Stage: "mounts", Text: "move_mount /x: operation not permitted", Number: syscall.EPERM},
		"exited.bin": &Exited{Code: 3}, "exited-dumped.bin": &Exited{Code: 11, Signal: true, Dumped: true},
		"exited-asked.bin": &Exited{Code: -1, Asked: true},
	}
}

// TestReleasedMessages: every message of release 0.1.0 but Prepare has the same meaning today.
func TestReleasedMessages(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(release + "/*.bin")
	if err != nil {
		t.Fatal(err)
	}
	messages := released()
	if len(files) != len(messages)+1 || !slices.Contains(files, release+"/prepare.bin") {
		t.Errorf("%d messages are known, and there are %q", len(messages), files)
	}
	for name, want := range messages {
		got, err := Decode(releasedBytes(t, name))
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v, -want +got\n%s", name, err, diff)
		}
	}
}

// TestDowngrade: release 0.1.0 can read every message of today but Prepare. That release refuses a message that
// is longer than its own, so these messages have not grown; and it ends a connection by which a message of an
// unknown type comes, so a daemon must not send one to a supervisor of Run.Wire 0.
//
// The rule for later versions: a message only grows at its end, a new type goes behind the last one, and
// neither is sent to a supervisor whose version does not know it.
func TestDowngrade(t *testing.T) {
	t.Parallel()
	for name, m := range released() {
		if old, now := releasedBytes(t, name), Encode(m); !bytes.Equal(old, now) {
			t.Errorf("%s: %x became %x", name, old, now)
		}
	}
}

// TestReleasedPrepare: the Prepare of release 0.1.0, which had no version, is not taken for one of this version.
func TestReleasedPrepare(t *testing.T) {
	t.Parallel()
	m, err := Decode(releasedBytes(t, "prepare.bin"))
	if p, ok := m.(*Prepare); err == nil && (!ok || p.Version == Version) {
		t.Errorf("it is %+v", m)
	}
}

func releasedBytes(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(release, name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

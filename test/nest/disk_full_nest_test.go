//go:build nest

package nest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// small puts a small file system over a directory of the daemon's, until the test's end.
func small(t *testing.T, dir string) {
	t.Helper()
	run(t, "systemctl", "stop", "berthd.service")
	run(t, "mount", "-t", "tmpfs", "-o", "size=1M,mode=0700", "tmpfs", dir)
	t.Cleanup(func() {
		run(t, "systemctl", "stop", "berthd.service")
		unmount(t, dir)
	})
}

// fill takes all the room in a directory; empty gives it back.
func fill(t *testing.T, dir string) (empty func()) {
	t.Helper()
	file := filepath.Join(dir, "filler")
	if r := try(t, "dd", "if=/dev/zero", "of="+file, "bs=4k"); !strings.Contains(r.Err, "No space left") {
		t.Fatalf("%s is not full: %+v", dir, r)
	}
	return func() {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
}

// refused runs a command that must fail for want of room, and say so.
func refused(t *testing.T, args ...string) {
	t.Helper()
	if r := try(t, "berthctl", args...); r.Status != 1 || !strings.Contains(r.Err, "no space left on device") {
		t.Errorf("%v: %+v", args, r)
	}
}

// TestNoRoomForRuns: with no room for the state of containers none is started, and those that run are
// suspended, resumed and ended as ever.
func TestNoRoomForRuns(t *testing.T) {
	clean(t)
	small(t, "/run/berth")
	web, other := sleeper(t, "web"), sleeper(t, "other")
	web.start(t)
	other.start(t)
	run(t, "berthctl", "destroy", "other")
	empty := fill(t, "/run/berth")
	before := observe(t)
	refused(t, "start", "other")
	eventually(t, func() error { // berthd may still be where it says that a move will come (launch.Cgroups.ExpectMove)
		if diff := extra(before, observe(t)); len(diff) > 0 {
			return fmt.Errorf("a start that was refused left %v", diff)
		}
		return nil
	})
	becomes(t, "other", "shutoff/failed")
	run(t, "berthctl", "suspend", "web")
	killDaemon(t)
	becomes(t, "web", "paused/user")
	run(t, "berthctl", "resume", "web")
	killDaemon(t)
	becomes(t, "web", "running/unpaused")
	run(t, "berthctl", "destroy", "web")
	empty()
	run(t, "berthctl", "start", "other")
	run(t, "berthctl", "destroy", "other")
}

// TestNoRoomForDefinitions: with no room for definitions none is lost, and none is half there.
func TestNoRoomForDefinitions(t *testing.T) {
	clean(t)
	const dir = "/etc/berth/containers"
	small(t, dir)
	web, other := sleeper(t, "web"), sleeper(t, "other")
	web.define(t)
	stored := run(t, "berthctl", "dumpxml", "web")
	xml := other.file(t)
	empty := fill(t, dir)
	before := observe(t)
	refused(t, "define", xml)
	edited := filepath.Join(t.TempDir(), "edited.xml")
	if err := os.WriteFile(edited, []byte(strings.Replace(stored, "<memory", "<title>another</title><memory", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, "define", edited)
	eventually(t, func() error {
		if diff := extra(before, observe(t)); len(diff) > 0 {
			return fmt.Errorf("a definition that was refused left %v", diff)
		}
		return nil
	})
	killDaemon(t)
	if got := run(t, "berthctl", "dumpxml", "web"); got != stored {
		t.Errorf("web became %s", got)
	}
	if r := try(t, "berthctl", "domstate", "other"); r.Status != 1 {
		t.Errorf("other is there: %+v", r)
	}
	run(t, "berthctl", "create", xml) // it needs no room there
	run(t, "berthctl", "destroy", "other")
	empty()
}

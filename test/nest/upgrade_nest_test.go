//go:build nest

package nest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/berthd/berth/internal/client"
	guests "github.com/berthd/berth/test/guest"
)

// herd starts 20 containers: one of systemd, one suspended, one with a user namespace, one that is transient,
// and sleepers. It returns their names.
func herd(t testing.TB, prefix string) (names []string) {
	t.Helper()
	for i := range 16 {
		g := sleeper(t, fmt.Sprint(prefix, i))
		g.start(t)
		names = append(names, g.Name)
	}
	run(t, "berthctl", "suspend", names[0])
	mapped := sleeper(t, prefix+"mapped")
	mapped.More = idmap
	mapped.start(t)
	transient := sleeper(t, prefix+"transient")
	run(t, "berthctl", "create", transient.file(t))
	t.Cleanup(func() { try(t, "berthctl", "destroy", transient.Name) })
	listener := script(t, prefix+"listener", "trap 'exit 5' TERM; while :; do sleep 1; done")
	listener.start(t)
	systemd := systemdGuest(t, prefix+"systemd")
	systemd.start(t)
	return append(names, mapped.Name, transient.Name, listener.Name, systemd.Name)
}

// systemdGuest is a guest with the host's own systemd as init.
func systemdGuest(t testing.TB, name string) guest {
	t.Helper()
	root := t.TempDir()
	if err := guests.Systemd(root); err != nil {
		t.Fatal(err)
	}
	return guest{
		Name: name, Root: root, Init: "/usr/lib/systemd/systemd",
		Args: "<initarg>--unit=basic.target</initarg>",
		Devs: "<filesystem type='mount'><source dir='/usr'/><target dir='/usr'/><readonly/></filesystem>",
	}
}

// leaders are the processes of the containers that run.
func leaders(t testing.TB, names []string) map[string]client.Info {
	t.Helper()
	all := map[string]client.Info{}
	for _, name := range names {
		i := info(t, name)
		if i.Leader == 0 || !exists("/proc/"+pidOf(i.Leader)) {
			t.Fatalf("%s has no init: %+v", name, i)
		}
		all[name] = i
	}
	return all
}

// unhurt compares containers after the daemon has become another version with what they were.
func unhurt(t testing.TB, before map[string]client.Info) {
	t.Helper()
	for name, was := range before {
		is := info(t, name)
		if is.Leader != was.Leader || is.State != was.State || keeperOf(is) != keeperOf(was) || is.Unit != was.Unit || is.ControlGroup != was.ControlGroup {
			t.Errorf("%s was %+v, and is %+v", name, was, is)
		}
		if !exists("/proc/" + pidOf(was.Leader)) {
			t.Errorf("the init of %s is gone", name)
		}
	}
	listed := strings.Fields(run(t, "berthctl", "list", "--name"))
	for name := range before {
		if !slices.Contains(listed, name) {
			t.Errorf("%s is not listed", name)
		}
	}
}

// used does with each container what an administrator does, and ends it.
func used(t testing.TB, prefix string, names []string) {
	t.Helper()
	run(t, "berthctl", "resume", prefix+"0")
	for _, name := range names {
		run(t, "berthctl", "suspend", name)
		becomes(t, name, "paused/user")
		run(t, "berthctl", "resume", name)
		becomes(t, name, "running/unpaused")
	}
	run(t, "machinectl", "terminate", prefix+"listener")
	if i := becomes(t, prefix+"listener", "shutoff/shutdown"); i.LastExit.Code != 5 {
		t.Errorf("the status of the listener is %+v", i.LastExit)
	}
	for _, name := range names {
		if name != prefix+"listener" {
			run(t, "berthctl", "destroy", name)
		}
	}
}

// TestUpgrade: containers of today's Berth live on under a version to come, whose messages and notes have
// grown, and can be listed, suspended, resumed, stopped and destroyed by it.
func TestUpgrade(t *testing.T) {
	clean(t)
	names := herd(t, "old")
	before := leaders(t, names)
	variant(t, "bin/tomorrow/berthd")
	unhurt(t, before)
	killDaemon(t)
	unhurt(t, before)
	used(t, "old", names)
}

// TestDowngrade: containers of a version to come live on under today's Berth, which keeps what it does not
// know of their notes for the day on which that version is back.
func TestDowngrade(t *testing.T) {
	clean(t)
	variant(t, "bin/tomorrow/berthd")
	names := herd(t, "new")
	before := leaders(t, names)
	become(t, "")
	unhurt(t, before)
	run(t, "berthctl", "suspend", "new1")
	run(t, "berthctl", "resume", "new1")
	note := filepath.Join("/run/berth/live", info(t, "new1").UUID, "state.json")
	eventually(t, func() error {
		text, err := os.ReadFile(note)
		if err == nil && (!strings.Contains(string(text), `"news":1`) || !strings.Contains(string(text), `"version":2`)) {
			err = errors.New("the note has lost what today's daemon does not know: " + string(text))
		}
		return err
	})
	used(t, "new", names)
}

//go:build nest

package nest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	guests "github.com/berthd/berth/test/guest"
)

// boots starts a guest with systemd as init, and returns when it is up.
func (g guest) boots(t *testing.T) {
	t.Helper()
	g.start(t)
	g.up(t)
}

// up waits until systemd is up and its journal is kept.
func (g guest) up(t *testing.T) {
	t.Helper()
	leader := int(info(t, g.Name).Leader)
	eventually(t, func() error {
		_, err := os.Stat(proc(leader, "root/run/systemd/private")) // its systemctl's way in
		_, flushed := os.Stat(proc(leader, "root/run/systemd/journal/flushed"))
		_, kept := os.Stat(guests.Journal(g.Root))
		return errors.Join(err, flushed, kept)
	})
}

// TestSystemdEnds: the journal of a systemd guest shows an orderly end, whoever asks for it, and by whichever way.
func TestSystemdEnds(t *testing.T) {
	clean(t)
	for name, command := range map[string]string{
		"shutdown":             "berthctl shutdown systemd --wait --timeout 60",
		"shutdown by signal":   "berthctl shutdown systemd --mode signal --wait --timeout 60",
		"shutdown by initctl":  "berthctl shutdown systemd --mode initctl --wait --timeout 60",
		"machinectl poweroff":  "machinectl poweroff systemd",
		"machinectl terminate": "machinectl terminate systemd",
		"systemctl stop":       "systemctl stop machine-systemd.scope",
		"poweroff inside":      "nsenter --all --target PID systemctl poweroff",
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			g := systemdGuest(t, "systemd")
			g.boots(t)
			args := strings.Fields(strings.ReplaceAll(command, "PID", pidOf(info(t, "systemd").Leader)))
			run(t, args[0], args[1:]...)
			i := becomes(t, "systemd", "shutoff/shutdown")
			if i.LastExit.Kind != "killed" || i.LastExit.Code != 2 { // reboot(2), to power off
				t.Errorf("the last exit is %+v", i.LastExit)
			}
			if err := guests.CleanEnd(guests.Journal(g.Root)); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestSystemdKilled: the journal of a systemd guest that is destroyed shows that, so the other tests would see it.
func TestSystemdKilled(t *testing.T) {
	clean(t)
	g := systemdGuest(t, "systemd")
	g.boots(t)
	run(t, "berthctl", "destroy", "systemd")
	if err := guests.CleanEnd(guests.Journal(g.Root)); err == nil {
		t.Error("its journal looks clean")
	}
}

// TestSystemdReboots: a systemd guest reboots in order, whoever asks for it, and its next life finds its journal whole.
func TestSystemdReboots(t *testing.T) {
	clean(t)
	for name, command := range map[string]string{
		"reboot":            "berthctl reboot systemd",
		"reboot by signal":  "berthctl reboot systemd --mode signal --wait --timeout 60",
		"reboot by initctl": "berthctl reboot systemd --mode initctl",
		"machinectl reboot": "machinectl reboot systemd", // SIGINT, for ctrl-alt-del
		"reboot inside":     "nsenter --all --target PID systemctl reboot",
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			g := systemdGuest(t, "systemd")
			g.boots(t)
			before := info(t, "systemd")
			args := strings.Fields(strings.ReplaceAll(command, "PID", pidOf(before.Leader)))
			run(t, args[0], args[1:]...)
			eventually(t, func() error {
				if i := info(t, "systemd"); i.State != "running" || i.Leader == before.Leader || i.UUID != before.UUID {
					return fmt.Errorf("it is %s, with init %d", i.State, i.Leader)
				}
				return nil
			})
			g.up(t)
			run(t, "berthctl", "shutdown", "systemd", "--wait", "--timeout", "60")
			if err := guests.CleanEnd(guests.Journal(g.Root)); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestSystemdGuestsEndInParallel: 20 systemd guests that are asked at once end in order, and do not wait for one
// another.
func TestSystemdGuestsEndInParallel(t *testing.T) {
	clean(t)
	const many = 20
	var all []guest
	for n := range many {
		g := systemdGuest(t, fmt.Sprintf("systemd%d", n))
		g.start(t)
		all = append(all, g)
	}
	for _, g := range all {
		g.up(t)
	}
	begun := time.Now()
	var asked sync.WaitGroup
	for _, g := range all {
		asked.Go(func() {
			out, err := exec.Command("berthctl", "shutdown", g.Name, "--wait", "--timeout", "120").CombinedOutput()
			if err != nil {
				t.Errorf("%s: %v: %s", g.Name, err, out)
			}
		})
	}
	asked.Wait()
	t.Logf("%d guests ended in %v", many, time.Since(begun).Round(time.Millisecond))
	for _, g := range all {
		if i := info(t, g.Name); i.State != "shutoff" || i.StateReason != "shutdown" || i.LastExit.Code != 2 {
			t.Errorf("%s: %+v", g.Name, i)
		}
		if err := guests.CleanEnd(guests.Journal(g.Root)); err != nil {
			t.Errorf("%s: %v", g.Name, err)
		}
	}
}

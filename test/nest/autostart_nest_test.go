//go:build nest

package nest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// starters are containers that start with the host, and write a line each time their init begins.
func starters(t *testing.T, n int) []guest {
	t.Helper()
	list := make([]guest, n)
	for i := range list {
		list[i] = script(t, fmt.Sprintf("starter%d", i), "echo begun >> /begun\nexec sleep 100000")
		list[i].define(t)
		if got := run(t, "berthctl", "autostart", list[i].Name); got != "Domain '"+list[i].Name+"' marked as autostarted" {
			t.Fatalf("autostart says %q", got)
		}
	}
	return list
}

// begun says how often the init of a guest has begun.
func (g guest) begun() int {
	text, _ := os.ReadFile(filepath.Join(g.Root, "begun"))
	return strings.Count(string(text), "begun")
}

// boot is what a boot of the host does: /run is empty, and the units of multi-user.target start.
func boot(t *testing.T, list []guest) {
	t.Helper()
	for _, g := range list {
		try(t, "berthctl", "destroy", g.Name)
	}
	run(t, "systemctl", "stop", "berthd.service", "berth-autostart.service")
	for _, dir := range []string{"autostart", "last", "live"} {
		if err := os.RemoveAll("/run/berth/" + dir); err != nil {
			t.Fatal(err)
		}
	}
	run(t, "systemctl", "start", "berth-autostart.service")
}

// haveBegun waits until each guest has begun n times, and runs.
func haveBegun(t *testing.T, list []guest, n int) {
	t.Helper()
	for _, g := range list {
		becomes(t, g.Name, "running/booted")
		eventually(t, func() error { // it is running before its shell has written
			if got := g.begun(); got < n {
				return fmt.Errorf("%s has begun %d times, not %d", g.Name, got, n)
			}
			return nil
		})
	}
	eventually(t, func() error { return is(pendingStarts(t), "") })
	for _, g := range list {
		if got := g.begun(); got != n {
			t.Errorf("%s has begun %d times, not %d", g.Name, got, n)
		}
	}
}

// pendingStarts are the containers that this boot has still to start.
func pendingStarts(t *testing.T) string {
	t.Helper()
	entries, err := os.ReadDir("/run/berth/autostart")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

// TestAutostart: what has autostart starts once a boot, without a call; a restart of the daemon and a stop of a
// container change nothing, and the next boot starts all again, but what has it for one boot.
func TestAutostart(t *testing.T) {
	clean(t)
	run(t, "berthctl", "list") // the first daemon of this boot
	list := starters(t, 12)
	once := list[5].Name
	run(t, "berthctl", "autostart", "--disable", once)
	run(t, "berthctl", "autostart", "--once", once)
	run(t, "systemctl", "restart", "berthd.service")
	run(t, "berthctl", "list")
	if i := info(t, once); i.Autostart || !i.AutostartOnce {
		t.Errorf("for one boot, after a restart of the daemon: %+v", i)
	}
	if got := list[0].begun(); got != 0 {
		t.Errorf("it was started in the boot in which it was marked")
	}
	boot(t, list)
	haveBegun(t, list, 1)
	run(t, "berthctl", "destroy", list[3].Name)
	run(t, "systemctl", "restart", "berthd.service")
	if i := info(t, list[3].Name); i.State != "shutoff" || !i.Autostart {
		t.Errorf("after a restart of the daemon: %+v", i)
	}
	run(t, "berthctl", "autostart", "--disable", list[4].Name)
	boot(t, list)
	haveBegun(t, append(list[:4:4], list[6:]...), 2)
	if got := info(t, once); got.State != "shutoff" || got.AutostartOnce || list[5].begun() != 1 {
		t.Errorf("it had autostart for one boot, and is %+v", got)
	}
	if got := info(t, list[4].Name); got.State != "shutoff" || list[4].begun() != 1 {
		t.Errorf("it has no autostart, and is %+v", got)
	}
}

// TestAutostartKilled: a daemon that is killed in the midst of an autostart is followed by one that starts the rest,
// and no container begins twice.
func TestAutostartKilled(t *testing.T) {
	clean(t)
	list := starters(t, 30)
	times := 0
	for _, atOnce := range []int{1, 12} { // how many have begun when it is killed
		for inTime, attempts := false, 0; !inTime; attempts++ { // a busy machine can let us look too late
			boot(t, list)
			times++
			for began(list, times) < atOnce {
				time.Sleep(time.Millisecond)
			}
			killDaemon(t)
			inTime = began(list, times) < len(list)
			if !inTime && attempts == 10 {
				t.Fatal("all had begun each time when the daemon was killed")
			}
			haveBegun(t, list, times)
		}
	}
}

// began counts the guests that have begun n times.
func began(list []guest, n int) (count int) {
	for _, g := range list {
		if g.begun() >= n {
			count++
		}
	}
	return count
}

// TestAutostartUnit: the unit is part of multi-user.target, and begins no daemon on a host on which nothing starts.
func TestAutostartUnit(t *testing.T) {
	clean(t)
	if got := run(t, "systemctl", "show", "--property=Wants", "--value", "multi-user.target"); !strings.Contains(got, "berth-autostart.service") {
		t.Errorf("multi-user.target wants %s", got)
	}
	run(t, "systemd-analyze", "verify", "berth-autostart.service")
	run(t, "systemctl", "stop", "berthd.service", "berth-autostart.service")
	run(t, "systemctl", "start", "berth-autostart.service")
	if daemon(t) != 0 {
		t.Error("berthd runs")
	}
	g := sleeper(t, "failing")
	g.Init = "/nosuch"
	g.define(t)
	run(t, "berthctl", "autostart", g.Name)
	boot(t, nil)
	eventually(t, func() error {
		if i := info(t, g.Name); i.State != "shutoff" || i.StateReason != "failed" {
			return errors.New(i.State + "/" + i.StateReason)
		}
		return nil
	})
	if got := journal(t, "--unit=berthd.service", "--grep=does not start with the host", "--output=cat"); !strings.Contains(got, "container does not start with the host") {
		t.Errorf("the journal says %q", got)
	}
}

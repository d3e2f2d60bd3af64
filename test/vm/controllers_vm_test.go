//go:build vm

package vm

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	guests "github.com/berthd/berth/test/guest"
)

const mapped = "<idmap><uid start='0' target='100000' count='65536'/><gid start='0' target='100000' count='65536'/></idmap>"

// controls returns an error text unless the container passes controllers on to its own groups, and a command that is
// executed in it has one of them as its group.
func controls(t testing.TB, name string) string {
	t.Helper()
	scope := "/sys/fs/cgroup" + run(t, "systemctl", "show", "machine-"+name+".scope", "--property=ControlGroup", "--value")
	passes, err := os.ReadFile(filepath.Join(scope, "payload/cgroup.subtree_control"))
	if err != nil || !strings.Contains(string(passes), "memory") || !strings.Contains(string(passes), "pids") {
		return "it passes on " + string(passes)
	}
	procs, err := os.ReadFile(filepath.Join(scope, "payload/cgroup.procs"))
	if err != nil || len(procs) > 0 {
		return "its own group has the processes " + string(procs)
	}
	got := run(t, "berthctl", "exec", name, "--", "sh", "-c", "grep ^0: /proc/self/cgroup; cat /sys/fs/cgroup/berth-exec/cgroup.controllers")
	if !strings.HasPrefix(got, "0::/berth-exec\n") || !strings.Contains(got, "memory") {
		return "a command has the group and controllers " + got
	}
	return ""
}

// until waits for a condition: an empty text.
func until(t testing.TB, condition func() string) {
	t.Helper()
	pause := time.Second / 50
	for deadline := time.Now().Add(3 * patience); ; time.Sleep(pause) {
		pause = min(2*pause, time.Second/2) // what looks costs more than the wait: a fork takes 40 ms
		text := condition()
		if text == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(text)
		}
	}
}

// TestControllersPassedOn: commands run in a container that passes its controllers on to groups of its own, and it is
// rebooted and shut down as any other.
func TestControllersPassedOn(t *testing.T) {
	for kind, more := range map[string]string{"host's users": "", "user namespace": mapped} {
		t.Run(kind, func(t *testing.T) {
			g := guest{Name: "passes", More: "<memory unit='MiB'>64</memory>" + more, Init: `trap "exit" TERM; trap "exec reboot -f" HUP;
mkdir /sys/fs/cgroup/own; echo $$ &gt; /sys/fs/cgroup/own/cgroup.procs; echo +memory +pids &gt; /sys/fs/cgroup/cgroup.subtree_control
while :; do sleep 0.2; done`}
			g.start(t)
			until(t, func() string { return controls(t, g.Name) })
			before := g.leader(t)
			run(t, "berthctl", "reboot", g.Name, "--mode", "signal", "--wait", "--timeout", "60")
			if after := g.leader(t); after == before {
				t.Error("it did not reboot")
			}
			until(t, func() string { return controls(t, g.Name) })
			run(t, "berthctl", "shutdown", g.Name, "--wait", "--timeout", "60")
			if got := run(t, "berthctl", "domstate", "--reason", g.Name); got != "shut off (shutdown)" {
				t.Errorf("it is %s", got)
			}
		})
	}
}

// TestSystemdControllers: systemd as init passes controllers on to its units. Commands run beside them, and it is
// rebooted and shut down in order, as its journal shows.
func TestSystemdControllers(t *testing.T) {
	for kind, more := range map[string]string{"host's users": "", "user namespace": mapped} {
		t.Run(kind, func(t *testing.T) {
			root := t.TempDir()
			if err := guests.Systemd(root); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "guest.xml")
			xml := "<domain type='lxc'><name>systemd</name><memory unit='MiB'>256</memory>" + more +
				"<os><type>exe</type><init>/usr/lib/systemd/systemd</init><initarg>--unit=basic.target</initarg></os><devices>" +
				"<filesystem type='mount'><source dir='" + root + "'/><target dir='/'/></filesystem>" +
				"<filesystem type='mount'><source dir='/usr'/><target dir='/usr'/><readonly/></filesystem></devices></domain>"
			if err := os.WriteFile(path, []byte(xml), 0o600); err != nil {
				t.Fatal(err)
			}
			run(t, "berthctl", "define", path)
			t.Cleanup(func() {
				try(t, "berthctl", "destroy", "systemd")
				run(t, "berthctl", "undefine", "systemd")
			})
			run(t, "berthctl", "start", "systemd")
			up := func() {
				t.Helper()
				until(t, func() string {
					r := try(t, "berthctl", "exec", "systemd", "--", "test", "-e", "/run/systemd/private", "-a", "-e", "/run/systemd/journal/flushed")
					if r.Status != 0 {
						return "it is not up: " + r.Err
					}
					return controls(t, "systemd")
				})
			}
			up()
			run(t, "berthctl", "reboot", "systemd", "--wait", "--timeout", "120")
			up()
			run(t, "berthctl", "shutdown", "systemd", "--wait", "--timeout", "120")
			if got, err := guests.Lives(guests.Journal(root)); got != 2 || err != nil {
				t.Errorf("its journal has %d lives that ended in order, %v; want 2", got, err)
			}
			if err := guests.CleanEnd(guests.Journal(root)); err != nil {
				t.Error(err)
			}
		})
	}
}

//go:build nest

package nest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// killDaemon kills berthd, as a crash would, does what is to be done at once, and waits until the bus
// has noticed.
func killDaemon(t testing.TB, atOnce ...func()) {
	t.Helper()
	pid := daemon(t)
	if pid == 0 {
		t.Fatal("berthd does not run")
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for _, do := range atOnce {
		do()
	}
	eventually(t, func() error {
		if now := daemon(t); now == pid {
			return errors.New("berthd is still there")
		}
		// dbus-daemon sees the end a little later than systemd: until then a call still goes to the dead one.
		owner, err := exec.Command("busctl", "call", "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "GetConnectionUnixProcessID", "s", "org.berth1").Output()
		if err == nil && strings.TrimSpace(string(owner)) == fmt.Sprintf("u %d", pid) {
			return errors.New("its name is still its own")
		}
		return nil
	})
}

// TestDaemonKilled: no container is hurt when the daemon is killed, and the next daemon knows all
// of them.
func TestDaemonKilled(t *testing.T) {
	clean(t)
	on, off, paused := script(t, "on", "echo hello; exec sleep 100000"), sleeper(t, "off"), sleeper(t, "paused")
	on.start(t)
	off.define(t)
	paused.start(t)
	run(t, "berthctl", "suspend", "paused")
	temporary := sleeper(t, "temporary")
	run(t, "berthctl", "create", temporary.file(t))
	t.Cleanup(func() { try(t, "berthctl", "destroy", "temporary") })
	says(t, "on", "hello")
	before := info(t, "on")

	killDaemon(t)

	if diff := cmp.Diff(before, info(t, "on")); diff != "" {
		t.Errorf("-before +after\n%s", diff)
	}
	says(t, "on", "hello")
	if got := run(t, "berthctl", "list", "--all", "--name"); strings.Join(strings.Fields(got), " ") != "on paused temporary off" {
		t.Errorf("list says %q", got)
	}
	for name, want := range map[string]string{"off": "shutoff/unknown", "paused": "paused/user", "temporary": "running/booted"} {
		becomes(t, name, want)
	}
	run(t, "berthctl", "resume", "paused")
	for _, name := range []string{"on", "paused", "temporary"} {
		run(t, "berthctl", "destroy", name)
	}
	if r := try(t, "berthctl", "domstate", "temporary"); r.Status != 1 {
		t.Errorf("a transient container outlived its stop: %+v", r)
	}
}

// TestFreezeCutShort: after a daemon that was killed in the middle of a suspend or resume, the
// kernel's state counts and the container can go on.
func TestFreezeCutShort(t *testing.T) {
	for name, c := range map[string]struct {
		before, freeze, state string
		then                  string
	}{
		"suspend": {"", "1", "paused/user", "resume"},
		"resume":  {"suspend", "0", "running/unpaused", "suspend"},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			g := sleeper(t, "web")
			g.start(t)
			if c.before != "" {
				run(t, "berthctl", c.before, "web")
			}
			file := filepath.Join("/sys/fs/cgroup", info(t, "web").ControlGroup, "payload/cgroup.freeze")
			killDaemon(t, func() {
				if err := os.WriteFile(file, []byte(c.freeze), 0o600); err != nil {
					t.Fatal(err)
				}
			})
			becomes(t, "web", c.state)
			run(t, "berthctl", c.then, "web")
			run(t, "berthctl", "destroy", "web")
		})
	}
}

// TestEndedMeanwhile: an end without a daemon is known to the next one, with status and output.
func TestEndedMeanwhile(t *testing.T) {
	clean(t)
	const masked = "/run/systemd/system/berthd.service.d/99-no-restart.conf"
	if err := os.MkdirAll(filepath.Dir(masked), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(masked, []byte("[Service]\nRestart=no\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = os.Remove(masked)
		run(t, "systemctl", "daemon-reload")
	})
	run(t, "systemctl", "daemon-reload")
	for name, c := range map[string]struct {
		init, state, kind string
		code              int32
	}{
		"exit":     {"exit 6", "shutoff/shutdown", "exited", 6},
		"poweroff": {"poweroff -f", "shutoff/shutdown", "killed", 2},
		"none":     {"kill -SEGV $$; sleep 100000", "running/booted", "", 0}, // init ignores its own signals
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			g := script(t, "web", "read wait < /tmp/go; echo last words; "+c.init)
			run(t, "mkfifo", filepath.Join(g.Root, "tmp/go"))
			g.start(t)
			leader := info(t, "web").Leader
			killDaemon(t)
			if err := os.WriteFile(filepath.Join(g.Root, "tmp/go"), []byte("go\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if c.kind != "" {
				eventually(t, func() error {
					if _, err := os.Stat(proc(int(leader), "stat")); err == nil {
						return errors.New("init still runs")
					}
					return nil
				})
			}
			i := becomes(t, "web", c.state)
			if i.LastExit.Kind != c.kind || i.LastExit.Code != c.code {
				t.Errorf("last exit is %+v", i.LastExit)
			}
			says(t, "web", "last words")
		})
	}
}

// TestSupervisorKilled: a container ends with its supervisor, failed, and can be started again.
func TestSupervisorKilled(t *testing.T) {
	clean(t)
	for name, daemonToo := range map[string]bool{"alone": false, "with the daemon": true} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			g := script(t, "web", "sleep 99999 & exec sleep 100000")
			g.start(t)
			i := info(t, "web")
			kill := func() {
				if err := syscall.Kill(keeperOf(i), syscall.SIGKILL); err != nil {
					t.Fatal(err)
				}
			}
			if daemonToo {
				killDaemon(t, kill)
			} else {
				kill()
			}
			after := becomes(t, "web", "shutoff/failed")
			if after.LastExit.Kind != "" {
				t.Errorf("last exit is %+v", after.LastExit)
			}
			if _, err := os.Stat(proc(int(i.Leader), "stat")); err == nil {
				t.Error("init still runs")
			}
			run(t, "berthctl", "start", "web")
		})
	}
}

// TestSupervisorKilledRestart: when a supervisor is killed, on_crash is honoured: the container starts again.
func TestSupervisorKilledRestart(t *testing.T) {
	clean(t)
	g := sleeper(t, "web")
	g.More = "<on_crash>restart</on_crash>"
	g.start(t)
	before := info(t, "web")
	if err := syscall.Kill(keeperOf(before), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error {
		if i := info(t, "web"); i.State != "running" || i.ID == before.ID || i.Leader == before.Leader {
			return fmt.Errorf("it is %s, init %d", i.State, i.Leader)
		}
		return nil
	})
}

// TestStopWithoutDaemon: systemctl stop ends a container in order while no daemon is there.
func TestStopWithoutDaemon(t *testing.T) {
	clean(t)
	g := sleeper(t, "web")
	g.start(t)
	killDaemon(t)
	run(t, "timeout", "60", "systemctl", "stop", "machine-web.scope")
	becomes(t, "web", "shutoff/shutdown") // no crash, so that on_crash does not start it again
}

// TestUnreadableDefinition: a definition that cannot be read stays where it is, is told of by name, and hides no
// other. One that takes its place keeps it.
func TestUnreadableDefinition(t *testing.T) {
	clean(t)
	sleeper(t, "good").define(t)
	files := map[string]string{"bad": "<domain type='lxc'><name>bad", "other": sleeper(t, "elsewhere").xml()}
	for name, text := range files {
		file := "/etc/berth/containers/" + name + ".xml"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = os.Remove(file)
			_ = os.Remove(file + ".damaged")
			run(t, "systemctl", "restart", "berthd")
		})
	}
	killDaemon(t)
	if got := run(t, "berthctl", "list", "--all", "--name"); got != "good" {
		t.Errorf("list says %q", got)
	}
	for name, text := range files {
		if kept, err := os.ReadFile("/etc/berth/containers/" + name + ".xml"); err != nil || string(kept) != text {
			t.Errorf("%s is %q, %v", name, kept, err)
		}
		if r := try(t, "berthctl", "start", name); r.Status == 0 || !strings.Contains(r.Err, "/etc/berth/containers/"+name+".xml") {
			t.Errorf("start %s: %+v", name, r)
		}
	}
	sleeper(t, "bad").define(t)
	if kept, err := os.ReadFile("/etc/berth/containers/bad.xml.damaged"); err != nil || string(kept) != files["bad"] {
		t.Errorf("replaced, it is %q, %v", kept, err)
	}
	if got := journal(t, "--unit=berthd", "--output=cat"); !strings.Contains(got, "stored definition cannot be read") {
		t.Errorf("the journal says nothing of it:\n%s", got)
	}
}

// TestIdle: the daemon ends when no container is on and nobody calls, and the next call starts it
// again.
func TestIdle(t *testing.T) {
	clean(t)
	configure(t, "[Daemon]\nIdleTimeoutSec=200ms\n")
	g := sleeper(t, "web")
	g.define(t)
	run(t, "berthctl", "start", "web")
	first := daemon(t)
	run(t, "sleep", "0.6")
	if now := daemon(t); now != first {
		t.Errorf("a daemon with a container ended: %d, then %d", first, now)
	}
	run(t, "berthctl", "destroy", "web")
	eventually(t, func() error {
		if daemon(t) != 0 {
			return errors.New("the idle daemon is still there")
		}
		return nil
	})
	if got := run(t, "systemctl", "show", "--property=Result", "--value", "berthd"); got != "success" {
		t.Errorf("the idle daemon ended with %s", got)
	}
	if got := run(t, "berthctl", "domstate", "web"); got != "shut off" {
		t.Errorf("domstate says %q", got)
	}
}

//go:build nest

package nest

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// stopped is a kind of guest that systemd is to stop, and what its end shows.
type stopped struct {
	guest     func(t testing.TB) guest
	suspended bool
	end       string // berthctl info's last exit
	log       string // what it printed last, if that tells
}

// stoppedKinds are the guests that a stop by systemd treats each in its own way. The worker beside init would say so
// if it got a SIGTERM of its own.
func stoppedKinds() map[string]stopped {
	const traps = "(trap 'echo cut' TERM; echo up; while :; do sleep 0.05; done) & trap 'sleep 0.3; echo over; exit 5' TERM; while :; do sleep 0.05; done"
	listener := func(t testing.TB) guest { return script(t, "web", traps) }
	return map[string]stopped{
		"init listens":            {guest: listener, end: "exited 5", log: "over"},
		"init listens, suspended": {guest: listener, suspended: true, end: "exited 5", log: "over"},
		"init does not":           {guest: func(t testing.TB) guest { return script(t, "web", "echo up; exec sleep 100000") }, end: "killed 9"},
		"systemd":                 {guest: func(t testing.TB) guest { return systemdGuest(t, "web") }, end: "killed 2"},
		"systemd, suspended":      {guest: func(t testing.TB) guest { return systemdGuest(t, "web") }, suspended: true, end: "killed 2"},
		"busybox's init, which waits for signals": {guest: busyboxGuest, end: "killed 1", log: "down"},
		"init forks all the time": {guest: func(t testing.TB) guest {
			return script(t, "web", "trap 'echo over; exit 5' TERM; echo up; while :; do (:); done")
		}, end: "exited 5", log: "over"},
	}
}

// TestStopOfSystemd: each kind of guest is stopped in order by systemctl stop and machinectl terminate: with the daemon
// that started it, after a restart of that, and without one.
func TestStopOfSystemd(t *testing.T) {
	clean(t)
	for name, kind := range stoppedKinds() {
		for where, prepare := range map[string]func(t *testing.T){
			"with the daemon":  func(*testing.T) {},
			"after a restart":  func(t *testing.T) { run(t, "systemctl", "restart", "berthd"); run(t, "berthctl", "list") },
			"without a daemon": func(t *testing.T) { run(t, "systemctl", "mask", "--runtime", "--now", "berthd") },
		} {
			for _, command := range []string{"systemctl stop machine-web.scope", "machinectl terminate web"} {
				t.Run(name+", "+where+", "+command, func(t *testing.T) {
					clean(t)
					kind.stop(t, prepare, strings.Fields(command))
				})
			}
		}
	}
}

func (k stopped) stop(t *testing.T, prepare func(*testing.T), command []string) {
	t.Helper()
	g := k.guest(t)
	g.More += "<container xmlns='urn:berth:container:1'><shutdown timeout='50'/></container>" // far from what a busy machine needs
	g.start(t)
	if strings.Contains(g.Init, "systemd/") {
		private := proc(int(info(t, "web").Leader), "root/run/systemd/private") // its systemctl's way in, once it is up
		eventually(t, func() error { _, err := os.Stat(private); return err })
	} else {
		says(t, "web", "up")
	}
	if k.suspended {
		run(t, "berthctl", "suspend", "web")
	}
	group := "/sys/fs/cgroup" + info(t, "web").ControlGroup
	prepare(t)
	t.Cleanup(func() { _ = exec.Command("systemctl", "unmask", "--runtime", "berthd").Run() })
	begun := time.Now()
	run(t, command[0], command[1:]...)
	eventually(t, func() error {
		if _, err := os.Stat(group); err == nil {
			return os.ErrExist
		}
		return nil
	})
	if took := time.Since(begun); took > 45*time.Second {
		t.Errorf("the stop took %v", took)
	}
	run(t, "systemctl", "unmask", "--runtime", "berthd")
	i := becomes(t, "web", "shutoff/shutdown")
	if end := i.LastExit.Kind + " " + pidOf(uint32(i.LastExit.Code)); end != k.end {
		t.Errorf("it ended by %s, want %s", end, k.end)
	}
	log := run(t, "berthctl", "console-log", "web")
	if !strings.Contains(log, k.log) || strings.Contains(log, "cut") {
		t.Errorf("it said %q", log)
	}
}

// TestStopTimeout: an init that does not end within the timeout of its definition is killed, and systemd waits as long.
func TestStopTimeout(t *testing.T) {
	clean(t)
	g := script(t, "web", "trap : TERM; echo up; while :; do sleep 0.05; done")
	g.More = "<container xmlns='urn:berth:container:1'><shutdown timeout='1'/></container>"
	g.start(t)
	says(t, "web", "up")
	if got := run(t, "systemctl", "show", "--property=TimeoutStopUSec", "--value", "machine-web.scope"); got != "6s" {
		t.Errorf("systemd's timeout is %s", got)
	}
	begun := time.Now()
	run(t, "systemctl", "stop", "machine-web.scope")
	if i := becomes(t, "web", "shutoff/shutdown"); i.LastExit.Code != 9 {
		t.Errorf("it ended by %+v", i.LastExit)
	}
	if took := time.Since(begun); took < time.Second || took > 30*time.Second {
		t.Errorf("the stop took %v", took)
	}
}

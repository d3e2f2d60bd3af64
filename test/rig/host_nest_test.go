//go:build nest

package rig

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// TestUpExecDown: a nest that is up has systemd and machined and is clean, and nothing of it
// reaches the machine but its shared directory.
func TestUpExecDown(t *testing.T) {
	s := newScript(t)
	s.up(t)
	for what, c := range map[string]struct {
		command, want string
	}{
		"systemd has booted":        {"systemctl is-system-running", "running"},
		"systemd is process 1":      {"cat /proc/1/comm", "systemd"},
		"machined answers":          {"machinectl list --no-legend", ""},
		"the host name is its own":  {"hostname", "nest"},
		"commands have a group":     {"tail -n 1 /proc/self/cgroup", "0::/nest.exec"},
		"only loopback":             {"ls /sys/class/net", "lo"},
		"/tmp is fresh":             {"ls /tmp | grep -v ^systemd-private- || true", ""},
		"the environment is clean":  {"env | grep -c ^RIG_STATE= || true", "0"},
		"out is shared":             {"echo x > /run/nest/out/file; echo done", "done"},
		"the root can be written":   {"echo x > /etc/nest-was-here; cat /etc/nest-was-here", "x"},
		"the root has its own mode": {"stat -c %a /", "755"},
	} {
		t.Run(what, func(t *testing.T) {
			if got := s.output(t, "exec", s.nest, "sh", "-c", c.command); got != c.want {
				t.Errorf("%s: got %q, want %q", c.command, got, c.want)
			}
		})
	}
	if got, err := os.ReadFile(filepath.Join(s.state, s.nest, "out/file")); string(got) != "x\n" {
		t.Errorf("what the nest wrote to out: got %q, %v", got, err)
	}
	if exists("/etc/nest-was-here") {
		t.Error("what the nest wrote to its root is on the machine")
	}
	if got := s.output(t, "list"); got != s.nest {
		t.Errorf("list: got %q, want %q", got, s.nest)
	}
	s.refused(t, "exists", "up", s.nest)
	s.output(t, "down", s.nest)
	s.refused(t, "not up", "down", s.nest)
	s.refused(t, "not up", "exec", s.nest, "true")
}

// TestScope: a nest's machined registers a scope as a machine and ends it.
func TestScope(t *testing.T) {
	s := newScript(t)
	s.up(t)
	got := s.output(t, "exec", s.nest, "sh", "-euc", `
		sleep 1000 &
		busctl call -q org.freedesktop.machine1 /org/freedesktop/machine1 org.freedesktop.machine1.Manager \
			CreateMachine 'sayssusa(sv)' web 0 test container $! "" 0
		machinectl show web -p Name -p Class -p Unit
		machinectl terminate web`)
	if want := "Name=web\nUnit=machine-web.scope\nClass=container"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestRun: a run's exit status is its command's, and its options reach the nest.
func TestRun(t *testing.T) {
	tree := t.TempDir() // its mode is not the root's
	if err := os.Chmod(tree, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(tree, "opt/added"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		options []string
		command string
		want    int
	}{
		"success":           {nil, "true", 0},
		"exit status":       {nil, "exit 7", 7},
		"killed":            {nil, "kill -KILL $$", 128 + 9},
		"a tree":            {[]string{"--tree", tree}, "[ -d /opt/added ]", 0},
		"the root's mode":   {[]string{"--tree", tree}, "[ $(stat -c %a /) = 755 ]", 0},
		"out":               {[]string{"--out", tree}, "[ -d /run/nest/out/opt ]", 0},
		"no start limit":    {[]string{"--restarts", "cron.service"}, "grep -qx StartLimitIntervalSec=0 /etc/systemd/system/cron.service.d/nest.conf", 0},
		"own loopback only": {nil, "ip link add name left-behind type veth peer name other && ip link show left-behind", 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript(t)
			args := append([]string{"run"}, c.options...)
			out, err := s.command(append(args, "sh", "-c", c.command)...).CombinedOutput()
			if got, err := status(err); got != c.want || err != nil {
				t.Errorf("got status %d, %v, want %d: %s", got, err, c.want, out)
			}
		})
	}
}

// TestRefused: a wrong call of the script is refused with a reason.
func TestRefused(t *testing.T) {
	s := newScript(t)
	s.refused(t, "usage", "up")
	s.refused(t, "usage", "run")
	s.refused(t, "usage", "exec", "name")
	s.refused(t, "bad name", "up", "../escape")
	s.refused(t, "unknown option", "up", "--bogus", "name")
	s.refused(t, "needs a directory", "run", "--tree", "/dev/null", "true")
	s.refused(t, "--root needs a directory", "run", "--root", "/dev/null", "true")
	s.refused(t, "--out needs a directory", "run", "--out", "/nosuch", "true")
	s.refused(t, "needs a pid", "up", "--until", "-1", "name")
	s.refused(t, "nest up", "--help")
}

// TestSeveral: three nests boot at once with one state directory.
func TestSeveral(t *testing.T) {
	s := newScript(t)
	var wait sync.WaitGroup
	errs := make([]error, 3)
	for i := range errs {
		wait.Go(func() {
			out, err := s.command("run", "systemctl", "is-system-running").CombinedOutput()
			if string(out) != "running\n" {
				err = errors.Join(err, errors.New(string(out)))
			}
			errs[i] = err
		})
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
}

// TestForeignState: a state directory that somebody else has made first is refused.
func TestForeignState(t *testing.T) {
	s := newScript(t)
	if err := os.Mkdir(s.state, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(s.state, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	s.refused(t, "somebody else's", "up", s.nest)
	if err := os.Remove(s.state); err != nil {
		t.Fatal(err)
	}
}

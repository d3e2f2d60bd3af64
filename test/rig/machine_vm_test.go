//go:build vm

package rig

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/berthd/berth/test/rig/command"
)

// vm is the script of virtual machines, with a state directory of the test's own.
func vm(t *testing.T, args ...string) (cmd *exec.Cmd, state string) {
	t.Helper()
	command.HeedHangUps()
	state = filepath.Join(t.TempDir(), "state")
	cmd = exec.Command("vm/vm", args...)
	cmd.Env = append(os.Environ(), "RIG_STATE="+state)
	return cmd, state
}

// within waits until a condition holds, a minute at most.
func within(t *testing.T, condition func() error) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		err := condition()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// gone waits until neither files nor processes of a machine are left; QEMU's arguments have the state
// directory in them.
func gone(t *testing.T, state string) {
	t.Helper()
	within(t, func() error {
		if exists(state) {
			return errors.New(state + " is still there")
		}
		lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
		for _, file := range lines {
			if line, err := os.ReadFile(file); err == nil && bytes.Contains(line, []byte(state)) {
				return errors.New("still there: " + strings.ReplaceAll(string(line), "\x00", " "))
			}
		}
		return err
	})
}

// TestVMRun: the options, words and exit status of a machine's run are as with a nest.
func TestVMRun(t *testing.T) {
	tree := t.TempDir()
	if err := os.MkdirAll(filepath.Join(tree, "usr/lib/tmpfiles.d"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(tree, "usr/lib/tmpfiles.d/berth.conf"), []byte("d /run/berth 0700\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd, state := vm(t, "run", "--tree", tree, "--restarts", "cron.service", "sh", "-c",
		`cat; echo "$1"; id -Z; systemctl is-system-running; getenforce; cat /sys/fs/cgroup/cgroup.controllers; stat -c %a / /usr /run/berth /usr/lib/tmpfiles.d/berth.conf
cat /etc/systemd/system/cron.service.d/vm.conf; exit 7`, "-", "two  words")
	cmd.Stdin = strings.NewReader("standard input\n")
	out, err := cmd.CombinedOutput()
	want := "standard input\ntwo  words\nsystem_u:system_r:initrc_t:s0\nrunning\nEnforcing\ncpuset cpu io memory hugetlb pids rdma misc\n" +
		"755\n755\n700\n600\n[Unit]\nStartLimitIntervalSec=0\n"
	if got, err := status(err); err != nil || got != 7 || string(out) != want {
		t.Errorf("got status %d, %v, want 7; got\n%s\nwant\n%s", got, err, out, want)
	}
	gone(t, state)
}

// TestVMEnds: a machine's run that is interrupted or killed, or whose keeper is, leaves nothing.
func TestVMEnds(t *testing.T) {
	for name, c := range map[string]struct {
		signal syscall.Signal
		stage  string
		keeper bool
	}{
		"Ctrl-C":                    {signal: syscall.SIGINT, stage: "ready"},
		"terminated":                {signal: syscall.SIGTERM, stage: "ready"},
		"hung up":                   {signal: syscall.SIGHUP, stage: "ready"},
		"killed":                    {signal: syscall.SIGKILL, stage: "ready"},
		"killed early":              {signal: syscall.SIGKILL, stage: "pid"},
		"terminated early":          {signal: syscall.SIGTERM, stage: "keeper.pid"},
		"the keeper was terminated": {signal: syscall.SIGTERM, stage: "ready", keeper: true},
	} {
		t.Run(name, func(t *testing.T) {
			cmd, state := vm(t, "run", "sleep", "1000")
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			var found []string
			within(t, func() (err error) {
				if found, err = filepath.Glob(state + "/run*/" + c.stage); err == nil && len(found) == 0 {
					err = errors.New("there is no " + c.stage)
				}
				return err
			})
			process := cmd.Process
			if c.keeper {
				process = keeperOf(t, filepath.Dir(found[0]))
			}
			if err := process.Signal(c.signal); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err == nil {
				t.Error("the interrupted run says that it succeeded")
			}
			gone(t, state)
		})
	}
}

// TestVMSwept: a keeper that is killed takes QEMU along, and its files go with the next machine.
func TestVMSwept(t *testing.T) {
	up, state := vm(t, "up", "one")
	if out, err := up.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := keeperOf(t, filepath.Join(state, "one")).Kill(); err != nil {
		t.Fatal(err)
	}
	run := exec.Command("vm/vm", "run", "true")
	run.Env = up.Env
	if out, err := run.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	gone(t, state)
}

func keeperOf(t *testing.T, dir string) *os.Process {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "keeper.pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	return process
}

// TestVMNoImage: where no image was built, a run says so and leaves nothing.
func TestVMNoImage(t *testing.T) {
	cmd, state := vm(t, "run", "true")
	cmd.Env = append(cmd.Env, "XDG_CACHE_HOME="+t.TempDir())
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "there is no image; test/rig/vm/build makes it") {
		t.Errorf("got %v, %s", err, out)
	}
	gone(t, state)
}

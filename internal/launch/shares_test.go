package launch

import (
	"errors"
	"os"
	"os/exec"
	"testing"

	"github.com/berthd/berth/internal/linux/pidfd"
)

// sleeper is a child of ours that lives as long as the test.
func sleeper(t *testing.T) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may be over
		_ = cmd.Wait()
	})
	return cmd
}

// TestNamespace: a namespace is had only of the init whose parent is the living supervisor, so that
// a reused pid is nobody.
func TestNamespace(t *testing.T) {
	t.Parallel()
	self, child, dead := os.Getpid(), sleeper(t), sleeper(t)
	handle := func(pid int) *os.File {
		f, err := pidfd.Open(pid)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		return f
	}
	own, other := handle(self), handle(dead.Process.Pid)
	if err := dead.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = dead.Wait() // it tells of the signal
	pid, leader := uint32(self), uint32(child.Process.Pid)
	for name, c := range map[string]struct {
		process *Process
		works   bool
	}{
		"ours":                 {&Process{child: true, pid: pid, leader: leader}, true},
		"an earlier daemon's":  {&Process{handle: own, pid: pid, leader: leader}, true},
		"init is gone":         {&Process{child: true, pid: pid, leader: uint32(dead.Process.Pid)}, false},
		"init's pid is reused": {&Process{child: true, pid: leader, leader: pid}, false},
		"reaped":               {&Process{child: true, gone: true, pid: pid, leader: leader}, false},
		"ended":                {&Process{handle: own, gone: true, pid: pid, leader: leader}, false},
		"both pids are reused": {&Process{handle: other, pid: pid, leader: leader}, false},
		"not known yet who":    {&Process{leader: leader}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := c.process.Namespace("net")
			if c.works != (err == nil) || !c.works && !errors.Is(err, os.ErrProcessDone) {
				t.Fatalf("%v, %v", f, err)
			}
			_ = f.Close()
		})
	}
}

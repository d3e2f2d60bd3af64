package pidfd

import (
	"errors"
	"os"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// spawn runs a shell script as a child that only this package reaps.
func spawn(t *testing.T, script string) (pid int, p *os.File) {
	t.Helper()
	fd := -1
	pid, err := syscall.ForkExec("/bin/sh", []string{"sh", "-c", script}, &syscall.ProcAttr{
		Sys: &syscall.SysProcAttr{PidFD: &fd},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	p = os.NewFile(uintptr(fd), "pidfd")
	t.Cleanup(func() {
		_ = Signal(p, syscall.SIGKILL) // it is over, unless the test failed
		_ = Wait(p)
		_, _ = Reap(p)
		_ = p.Close()
	})
	return pid, p
}

// TestReap: each way to end gives its status, once. Afterwards the process cannot be signalled.
func TestReap(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		script string
		want   Status
	}{
		"success": {"exit 0", Status{}},
		"failure": {"exit 3", Status{Code: 3}},
		"255":     {"exit 255", Status{Code: 255}},
		"killed":  {"kill -KILL $$", Status{Code: 9, Signal: true}},
		"hung up": {"exec env --default-signal=HUP sh -c 'kill -HUP $$'", Status{Code: 1, Signal: true}}, // nohup(1) has it ignored
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, p := spawn(t, tc.script)
			if err := WaitFor(p, time.Minute); err != nil {
				t.Fatal(err)
			}
			if err := Wait(p); err != nil {
				t.Errorf("waiting a second time: %v", err)
			}
			if got, err := Reap(p); got != tc.want || err != nil {
				t.Errorf("got %+v, %v; want %+v", got, err, tc.want)
			}
			if _, err := Reap(p); !errors.Is(err, unix.ECHILD) {
				t.Errorf("reaped twice: %v", err)
			}
			if err := Signal(p, syscall.SIGTERM); !errors.Is(err, os.ErrProcessDone) {
				t.Errorf("signal to a reaped process: %v", err)
			}
		})
	}
}

// TestStatusOf: each si_code is its kind of end. A core dump depends on the host's limits, so the
// values are made by hand.
func TestStatusOf(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		code int32
		want Status
	}{
		"exited": {1, Status{}},
		"killed": {2, Status{Signal: true}},
		"dumped": {3, Status{Signal: true, Dumped: true}},
	} {
		if got := StatusOf(&unix.Siginfo{Code: tc.code}); got != tc.want {
			t.Errorf("%s: got %+v, want %+v", name, got, tc.want)
		}
	}
}

// TestRunningProcess: a running process cannot be reaped, and a wait for it ends with its deadline
// or with the process.
func TestRunningProcess(t *testing.T) {
	t.Parallel()
	_, p := spawn(t, "exec sleep 1000")
	if err := WaitFor(p, 10*time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("wait for a running process: %v", err)
	}
	if st, err := Reap(p); !errors.Is(err, ErrRuns) {
		t.Errorf("reaped a running process: %+v, %v", st, err)
	}
	ended := make(chan error, 1)
	if err := p.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	go func() { ended <- Wait(p) }()
	if err := Signal(p, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if st, err := Reap(p); st != (Status{Code: 15, Signal: true}) || err != nil {
		t.Errorf("got %+v, %v", st, err)
	}
}

// TestOpen: a pidfd outlives its process, and the pid of a process that is gone is refused.
func TestOpen(t *testing.T) {
	t.Parallel()
	pid, child := spawn(t, "exec sleep 1000")
	p, err := Open(pid)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	if err := Signal(p, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := WaitFor(p, time.Minute); err != nil {
		t.Fatal(err)
	}
	if _, err := Reap(child); err != nil {
		t.Fatal(err)
	}
	if f, err := Open(pid); !errors.Is(err, unix.ESRCH) {
		t.Errorf("opened a process that is gone: %v, %v", f, err)
	}
}

// TestClosed: a closed pidfd is an error, not an ended process.
func TestClosed(t *testing.T) {
	t.Parallel()
	p, err := Open(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	_ = p.Close()
	if err := Signal(p, 0); err == nil || errors.Is(err, os.ErrProcessDone) {
		t.Errorf("signal: %v", err)
	}
	if err := Wait(p); err == nil {
		t.Error("waited by a closed descriptor")
	}
}

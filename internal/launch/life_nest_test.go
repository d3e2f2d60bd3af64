//go:build nest

package launch_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"

	"github.com/berthd/berth/internal/wire"
	"github.com/berthd/berth/service"
)

// TestEnd: each way in which init can end is reported with its status, and nothing of the container
// is left.
func TestEnd(t *testing.T) {
	kill := func(sig syscall.Signal) func(s service.Supervisor) error {
		return func(s service.Supervisor) error { return syscall.Kill(int(s.Leader()), sig) }
	}
	for name, tc := range map[string]struct {
		init string
		act  func(service.Supervisor) error // once init says "ready"
		want service.End
	}{
		"exits with 0":        {"exit 0", nil, exited(0)},
		"exits with 3":        {"exit 3", nil, exited(3)},
		"ends at once":        {"", nil, exited(0)},
		"reboots":             {"reboot -f", nil, killed(syscall.SIGHUP)},
		"powers off":          {"poweroff -f", nil, killed(syscall.SIGINT)},
		"halts":               {"halt -f", nil, killed(syscall.SIGINT)},
		"killed from outside": {"echo ready; exec sleep 1000", kill(syscall.SIGKILL), killed(syscall.SIGKILL)},
		"ended with children": {"sleep 1000 & sleep 1000 & exit 4", nil, exited(4)},
		"terminated": {
			"trap 'exit 5' TERM; echo ready; while :; do sleep 0.01; done",
			service.Supervisor.Terminate, exited(5),
		},
		"terminated, and deaf": {"echo ready; exec sleep 1000", service.Supervisor.Terminate, killed(syscall.SIGKILL)},
		"terminated by systemd": {
			"trap 'exit 6' TERM; echo ready; while :; do sleep 0.01; done",
			func(s service.Supervisor) error { return syscall.Kill(int(s.PID()), syscall.SIGTERM) }, asked(exited(6)),
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t, tc.init)
			s := b.run(t)
			leader := s.Leader()
			if tc.act != nil {
				b.says(t, "ready")
				if err := tc.act(s); err != nil {
					t.Fatal(err)
				}
			}
			got := over(t, s)
			if got != tc.want || got.Reboot() != (name == "reboots") || failure(s) != nil {
				t.Errorf("got %+v, %v; want %+v", got, failure(s), tc.want)
			}
			gone(t, leader)
			gone(t, s.PID())
			for what, err := range map[string]error{"terminate": s.Terminate(), "kill": s.Kill(), "close": s.Close()} {
				if err != nil {
					t.Errorf("%s after the end: %v", what, err)
				}
			}
		})
	}
}

// TestGroups: the supervisor and init are in control groups of their own, and killing the scope
// ends both.
func TestGroups(t *testing.T) {
	b := newBox(t, "exec sleep 1000")
	s := b.run(t)
	for part, pid := range map[string]uint32{"supervisor": s.PID(), "payload": s.Leader()} {
		text, err := os.ReadFile("/proc/" + number(pid) + "/cgroup")
		if want := "0::/" + b.group + "/" + part + "\n"; err != nil || !strings.HasSuffix(string(text), want) {
			t.Errorf("%s is in %q, %v; want %q", part, text, err, want)
		}
	}
	if err := b.scope.Kill(); err != nil {
		t.Fatal(err)
	}
	if got := over(t, s); got != killed(syscall.SIGKILL) {
		t.Errorf("got %+v", got)
	}
	if err := b.scope.AwaitEnd(limited(t)); err != nil {
		t.Error(err)
	}
}

// TestConsole: no output before the end is lost, and nothing blocks.
func TestConsole(t *testing.T) {
	b := newBox(t, "seq 30000; tty; echo second > /dev/tty2; echo last; exit 2")
	b.plan.Consoles = 2
	b.plan.Links = append(b.plan.Links, b.plan.Links[len(b.plan.Links)-1])
	b.plan.Links[len(b.plan.Links)-1].Path, b.plan.Links[len(b.plan.Links)-1].Target = "/dev/tty2", "pts/1"
	s := b.run(t)
	if got := over(t, s); got != exited(2) {
		t.Fatalf("got %+v", got)
	}
	if got := b.output(t, 0); !strings.HasSuffix(got, "29999\n30000\n/dev/pts/0\nlast\n") || len(got) < 50<<10 {
		t.Errorf("%d bytes, ending in %q", len(got), got[max(0, len(got)-40):])
	}
	if got := b.output(t, 1); got != "second\n" {
		t.Errorf("the second console has %q", got)
	}
}

// TestMuteSupervisor: a supervisor that can write neither messages nor files still tells berthd how
// init ended.
func TestMuteSupervisor(t *testing.T) {
	b := newBox(t, "echo ready; read line < /tmp/go; exit 9")
	if err := syscall.Mkfifo(filepath.Join(b.root, "tmp/go"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	saved, err := syscall.Dup(2)
	if err != nil {
		t.Fatal(err)
	}
	syscall.CloseOnExec(saved)
	if err := syscall.Dup3(int(w.Fd()), 2, 0); err != nil {
		t.Fatal(err)
	}
	s, err := b.start(t)
	if derr := errors.Join(syscall.Dup3(saved, 2, 0), syscall.Close(saved), w.Close(), r.Close()); err != nil || derr != nil {
		t.Fatal(err, derr)
	}
	b.says(t, "ready")
	if err := os.RemoveAll(b.runDir); err != nil {
		t.Fatal(err)
	}
	b.write(t, "tmp/go", "go\n")
	if got := over(t, s); got != exited(9) {
		t.Errorf("got %+v, %v", got, failure(s))
	}
}

// TestKilledSupervisor: a supervisor that is killed is seen, by its own daemon and by a later one.
// Its init goes on until it is ended.
func TestKilledSupervisor(t *testing.T) {
	for name, reattach := range map[string]bool{"of this daemon": false, "of an earlier daemon": true} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t, "exec sleep 1000")
			s := b.run(t)
			leader := s.Leader()
			if reattach {
				s = b.again(t, s)
			}
			if err := s.Kill(); err != nil {
				t.Fatal(err)
			}
			if got := over(t, s); got.Known {
				t.Errorf("it said %+v", got)
			}
			// Its container goes on, for the daemon to end it.
			if err := syscall.Kill(int(leader), 0); err != nil {
				t.Errorf("init: %v", err)
			}
			if err := b.scope.Kill(); err != nil {
				t.Fatal(err)
			}
			gone(t, leader)
		})
	}
}

// again is a daemon that comes after s's.
func (b *box) again(t *testing.T, s service.Supervisor) service.Supervisor {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	next, presence, err := b.supervisors.Attach(limited(t), b.runDir)
	if presence != service.Alive || err != nil {
		t.Fatalf("attach: %v, %v", presence, err)
	}
	t.Cleanup(func() { _ = next.Close() })
	if next.PID() != s.PID() || next.Leader() != s.Leader() {
		t.Errorf("supervisor %d, leader %d became %d, %d", s.PID(), s.Leader(), next.PID(), next.Leader())
	}
	return next
}

// TestNextDaemon: a daemon that attaches can do what the first one could.
func TestNextDaemon(t *testing.T) {
	b := newBox(t, "trap 'exit 5' TERM; echo ready; while :; do sleep 0.01; done")
	s := b.run(t)
	b.says(t, "ready")
	next := b.again(t, b.again(t, s))
	if err := next.Terminate(); err != nil {
		t.Fatal(err)
	}
	if got := over(t, next); got != exited(5) || failure(next) != nil {
		t.Errorf("got %+v, %v", got, failure(next))
	}
}

// TestEndWithoutDaemon: the exit status that no daemon hears is left in a file.
func TestEndWithoutDaemon(t *testing.T) {
	b := newBox(t, "echo ready; read line < /tmp/go; exit 7")
	if err := syscall.Mkfifo(filepath.Join(b.root, "tmp/go"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := b.run(t)
	b.says(t, "ready")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	b.write(t, "tmp/go", "go\n")
	if got := over(t, s); got.Known {
		t.Errorf("a daemon that had left heard %+v", got)
	}
	packet, err := os.ReadFile(filepath.Join(b.runDir, wire.ExitFile))
	if err != nil {
		t.Fatal(err)
	}
	if m, err := wire.Decode(packet); err != nil || *m.(*wire.Exited) != (wire.Exited{Code: 7}) {
		t.Errorf("it left %+v, %v", m, err)
	}
	if s, presence, err := b.supervisors.Attach(limited(t), b.runDir); s != nil || presence != service.Gone || err != nil {
		t.Errorf("attach after the end: %v, %v", presence, err)
	}
}

// TestDescriptors: the daemon keeps no descriptor of a container that is over, and no zombie.
func TestDescriptors(t *testing.T) {
	b := newBox(t, "exit 0")
	missing := *b.plan
	missing.Init.Path = "/missing"
	count := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	life := func() {
		if err := os.RemoveAll(filepath.Join(b.runDir, wire.SocketFile)); err != nil {
			t.Fatal(err)
		}
		s, err := b.order(t)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Place(limited(t), b.scope.File()); err == nil {
			_, _ = s.Continue(limited(t))
		}
		over(t, s)
	}
	life()
	twoSpares(t, nil)
	// What is forgotten must not be closed by the collector.
	runtime.GC()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	before := count()
	good := b.plan
	for i := range 20 {
		if b.plan = good; i%2 == 1 {
			b.plan = &missing
		}
		life()
	}
	settled(t, func() error { // the spare supervisor may be new
		if after := count(); after > before {
			return fmt.Errorf("%d descriptors became %d", before, after)
		}
		return nil
	})
	if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid > 0 {
		t.Errorf("a child is left: %d, %v", pid, err)
	}
}

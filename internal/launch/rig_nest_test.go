//go:build nest

package launch_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/berthd/berth/internal/cgroup"
	"github.com/berthd/berth/internal/console"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/image"
	"github.com/berthd/berth/internal/launch"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/planner"
	"github.com/berthd/berth/internal/wire"
	"github.com/berthd/berth/service"
	"github.com/berthd/berth/test/rig"
)

// The tests need root and the supervisor's program, but no systemd: they play the daemon's part, and
// make the control group of a container by hand.
func TestMain(m *testing.M) {
	os.Exit(rig.Main(m, rig.Options{Install: true, Files: []string{"internal/wire/testdata"}}))
}

const program = "/usr/libexec/berth/berth-supervisor"

// supervisors are the one daemon's.
var supervisors = sync.OnceValues(func() (*launch.Supervisors, error) {
	return launch.New(program, image.New(nil, "/run/berth-test-images.lock"))
})

// box is the place of one container.
type box struct {
	supervisors *launch.Supervisors
	plan        *plan.Plan
	shared      []*os.File // for plan.Join
	runDir      string
	root        string
	group       string // below the hierarchy's root
	scope       service.Cgroup
}

// newBox makes a busybox root with a script as init, and all else that a run needs.
func newBox(t *testing.T, script string) *box {
	t.Helper()
	return newBoxWith(t, script, "")
}

// newBoxWith is newBox for a definition with more elements.
func newBoxWith(t *testing.T, script, elements string) *box {
	t.Helper()
	b := &box{runDir: t.TempDir(), root: busybox(t)}
	b.write(t, "init", "#!/bin/sh\n"+script+"\n")
	def, err := domain.Parse([]byte("<domain type='lxc'><name>box</name><uuid>8dd2b5e8-4b0c-4e5c-a6a5-3a4fd4a5ff3b</uuid>" +
		"<memory>65536</memory>" + elements + "<os><type>exe</type><init>/init</init></os><devices>" +
		"<filesystem type='mount'><source dir='" + b.root + "'/><target dir='/'/></filesystem><console type='pty'/></devices></domain>"))
	if err != nil {
		t.Fatal(err)
	}
	b.plan = planner.Build(def, planner.Host{ContainerEnv: "test", Path: "/bin"})
	if b.supervisors, err = supervisors(); err != nil {
		t.Fatal(err)
	}
	b.makeGroup(t)
	return b
}

func busybox(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, dir := range []string{"bin", "dev", "proc", "sys", "tmp"} {
		if err := os.Mkdir(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"cp", "/bin/busybox", root + "/bin"}, {"chroot", root, "/bin/busybox", "--install", "-s", "/bin"}} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v: %s", args, err, out)
		}
	}
	return root
}

func (b *box) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(b.root, name), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

// makeGroup makes what systemd's scope would be, and ends what is in it with the test.
func (b *box) makeGroup(t *testing.T) {
	t.Helper()
	mounted, err := cgroup.MountPoint()
	if err != nil {
		t.Fatal(err)
	}
	path, err := os.MkdirTemp(mounted, "berth-launch.*.scope") //nolint:usetesting // a control group
	if err != nil {
		t.Fatal(err)
	}
	b.group = filepath.Base(path)
	cgroups, err := launch.NewCgroups()
	if err != nil {
		t.Fatal(err)
	}
	id, err := cgroups.ID(b.group)
	if err != nil {
		t.Fatal(err)
	}
	if b.scope, err = cgroups.Open(b.group, id); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = b.scope.Close()
		if err := os.WriteFile(path+"/cgroup.kill", []byte("1"), 0); err != nil {
			t.Error(err)
		}
		settled(t, func() error {
			for _, dir := range []string{"/supervisor", "/payload/" + cgroup.Commands, "/payload", ""} {
				if err := os.Remove(path + dir); err != nil && !errors.Is(err, os.ErrNotExist) {
					return err
				}
			}
			return nil
		})
	})
}

func (b *box) spawn(t *testing.T) service.Starting {
	t.Helper()
	s, err := b.order(t)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = s.Kill()
		leave(t, s)
		over(t, s)
	})
	return s
}

// order gives the container a supervisor, and the supervisor its order.
func (b *box) order(t *testing.T) (service.Starting, error) {
	t.Helper()
	s, err := b.supervisors.Begin(b.runDir)
	if err != nil {
		return nil, err
	}
	if err := s.Prepare(t.Context(), "box", "", b.plan, b.shared, nil); err != nil {
		s.HangUp()
		over(t, s)
		return nil, err
	}
	return s, nil
}

// leave is the end of the daemon, for one of its supervisors.
func leave(t *testing.T, s process) {
	t.Helper()
	if err := s.(io.Closer).Close(); err != nil {
		t.Error(err)
	}
}

// process is a supervisor before and after the execution of init.
type process interface {
	PID() uint32
	Leader() uint32
	Done() <-chan struct{}
	Kill() error
}

// failure is what a supervisor said of a failed start.
func failure(s process) error { return s.(interface{ Failure() error }).Failure() }

// start goes all the way, or to the first error.
func (b *box) start(t *testing.T) (service.Supervisor, error) {
	t.Helper()
	s := b.spawn(t)
	if err := s.Place(limited(t), b.scope.File()); err != nil {
		return nil, fmt.Errorf("place: %w", err)
	}
	running, err := s.Continue(limited(t))
	if err != nil {
		return nil, fmt.Errorf("continue: %w", err)
	}
	return running, nil
}

func (b *box) run(t *testing.T) service.Supervisor {
	t.Helper()
	s, err := b.start(t)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// output is what console n has.
func (b *box) output(t *testing.T, n int) string {
	t.Helper()
	f, err := os.Open(filepath.Join(b.runDir, wire.ConsoleFile(n)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	text, err := console.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

// says waits for the first console.
func (b *box) says(t *testing.T, text string) {
	t.Helper()
	settled(t, func() error {
		if _, err := os.Stat(filepath.Join(b.runDir, wire.ConsoleFile(0))); err != nil {
			return err
		}
		if got := b.output(t, 0); !strings.Contains(got, text) {
			return fmt.Errorf("the console has no %q but %q", text, got)
		}
		return nil
	})
}

func limited(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// over waits for a supervisor's end and gives what it said of init's.
func over(t *testing.T, s process) service.End {
	t.Helper()
	select {
	case <-s.Done():
	case <-limited(t).Done():
		t.Fatalf("the supervisor %d does not end", s.PID())
	}
	return s.(interface{ End() service.End }).End()
}

// born waits for init's stage and gives its pid.
func born(t *testing.T, s process) uint32 {
	t.Helper()
	settled(t, func() error {
		if s.Leader() == 0 {
			return errors.New("init was not born")
		}
		return nil
	})
	return s.Leader()
}

func settled(t *testing.T, condition func() error) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(2 * time.Millisecond) {
		err := condition()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// gone waits until a process is no more.
func gone(t *testing.T, pid uint32) {
	t.Helper()
	settled(t, func() error {
		if err := syscall.Kill(int(pid), 0); !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("process %d: %w", pid, err)
		}
		return nil
	})
}

func exited(code int32) service.End {
	return service.End{Known: true, Exit: service.Exit{Kind: service.ExitExited, Code: code}}
}

// asked is an end that systemd ordered.
func asked(e service.End) service.End { e.Asked = true; return e }

func killed(sig syscall.Signal) service.End {
	return service.End{Known: true, Exit: service.Exit{Kind: service.ExitKilled, Code: int32(sig)}}
}

func number(pid uint32) string { return fmt.Sprint(pid) }

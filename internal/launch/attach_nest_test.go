//go:build nest

package launch_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/image"
	"github.com/berthd/berth/internal/launch"
	"github.com/berthd/berth/internal/wire"
	"github.com/berthd/berth/service"
	"github.com/berthd/berth/test/fdroom"
)

// TestAttachWithoutRoom: a daemon that has no descriptor left, for the connection or for the supervisor's pidfd,
// cannot tell whether a container runs, and leaves it alone. Once there is room it attaches.
func TestAttachWithoutRoom(t *testing.T) {
	b := newBox(t, "exec sleep 1000")
	newBox(t, "exec sleep 1000").run(t)
	twoSpares(t, nil) // those of all other tests have been made now, and take no descriptor later
	own, err := launch.New(program, image.New(nil, "/run/berth-test-images.lock"))
	if err != nil {
		t.Fatal(err)
	}
	own.Close() // a spare supervisor would take descriptors meanwhile
	b.supervisors = own
	s := b.run(t)
	leave(t, s)
	for room, want := range []string{"too many open files", "pidfd did not arrive"} {
		restore := fdroom.Leave(t, room)
		got, presence, err := b.supervisors.Attach(limited(t), b.runDir)
		restore()
		if got != nil || presence != service.Unknown || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("room for %d: %v, %v, %v", room, got, presence, err)
		}
	}
	restore := fdroom.Leave(t, 0)
	if _, ok, err := b.supervisors.Find(b.runDir); ok || !errors.Is(err, syscall.EMFILE) {
		t.Errorf("find: %v, %v", ok, err)
	}
	restore()
	next, presence, err := b.supervisors.Attach(limited(t), b.runDir)
	if presence != service.Alive || err != nil || next.PID() != s.PID() {
		t.Fatalf("with room: %v, %v", presence, err)
	}
	_ = next.Close()
}

// TestAttachToAStoppedOne: a supervisor that is stopped may live, and so may its container. It is attached to once
// it goes on.
func TestAttachToAStoppedOne(t *testing.T) {
	b := newBox(t, "exec sleep 1000")
	s := b.run(t)
	leave(t, s)
	if err := syscall.Kill(int(s.PID()), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	// It is a child of the test, which hears when all its threads have stopped.
	if err := unix.Waitid(unix.P_PID, int(s.PID()), nil, unix.WSTOPPED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, presence, err := b.supervisors.Attach(ctx, b.runDir); presence != service.Unknown || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("stopped: %v, %v", presence, err)
	}
	if err := syscall.Kill(int(s.PID()), syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	next, presence, err := b.supervisors.Attach(limited(t), b.runDir)
	if presence != service.Alive || err != nil {
		t.Fatalf("it goes on: %v, %v", presence, err)
	}
	_ = next.Close()
}

// TestAttachWithoutSocket: a supervisor whose socket is missing is not gone while its process lives, and is gone
// when that has ended.
func TestAttachWithoutSocket(t *testing.T) {
	b := newBox(t, "exec sleep 1000")
	s := b.run(t)
	leave(t, s)
	if err := os.Remove(filepath.Join(b.runDir, wire.SocketFile)); err != nil {
		t.Fatal(err)
	}
	if _, presence, err := b.supervisors.Attach(limited(t), b.runDir); presence != service.Unknown || err == nil || !strings.Contains(err.Error(), number(s.PID())) {
		t.Errorf("it lives: %v, %v", presence, err)
	}
	if err := syscall.Kill(int(s.PID()), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	over(t, s)
	if _, presence, err := b.supervisors.Attach(limited(t), b.runDir); presence != service.Gone || err != nil {
		t.Errorf("it has ended: %v, %v", presence, err)
	}
}

// TestFind: the supervisor of a run directory is found among the host's processes, with its container's name,
// before and after init is executed. Nobody else is taken for it.
func TestFind(t *testing.T) {
	b, other := newBox(t, "exec sleep 1000"), newBox(t, "exec sleep 1000")
	is := func(when string, b *box, want service.Found, found bool) {
		t.Helper()
		if got, ok, err := b.supervisors.Find(b.runDir); got != want || ok != found || err != nil {
			t.Errorf("%s: %+v, %v, %v", when, got, ok, err)
		}
	}
	is("before its start", b, service.Found{}, false)
	other.run(t)
	// One with its name is elsewhere; one with its name and place has other arguments; one in its place has another name;
	// and one with all of that is in a pid namespace of a container: where that works must not be looked at, since it may
	// not answer.
	double := filepath.Join(t.TempDir(), "berth-supervisor")
	if out, err := exec.Command("cp", "/bin/sleep", double).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, cmd := range []*exec.Cmd{
		{Path: double, Args: []string{"berth-supervisor", "1000"}, Dir: t.TempDir()},
		{Path: double, Args: []string{"berth-supervisor", "1000", "1000"}, Dir: b.runDir},
		{Path: "/bin/sleep", Args: []string{"berth-supervisor", "1000"}, Dir: b.runDir},
		{Path: double, Args: []string{"berth-supervisor", "1000"}, Dir: b.runDir, SysProcAttr: &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID}},
	} {
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		})
	}
	is("beside others", b, service.Found{}, false)
	s := b.spawn(t)
	want := service.Found{PID: s.PID(), Name: "box"}
	born(t, s)
	is("beside its init stage", b, want, true)
	if err := s.Place(limited(t), b.scope.File()); err != nil {
		t.Fatal(err)
	}
	running, err := s.Continue(limited(t))
	if err != nil {
		t.Fatal(err)
	}
	is("beside init", b, want, true)
	if err := b.scope.Kill(); err != nil {
		t.Fatal(err)
	}
	over(t, running)
	is("after its end", b, service.Found{}, false)
	missing := *b
	missing.runDir = filepath.Join(t.TempDir(), "missing")
	is("without a directory", &missing, service.Found{}, false)
}

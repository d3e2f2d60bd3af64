package launch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/pidfd"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/wire"
	"github.com/berthd/berth/service"
)

// imagesFake counts the runs whose orphans were stopped.
type imagesFake struct{ stopped atomic.Int32 }

func (*imagesFake) Mount(context.Context, string, string, string, string, []plan.Source) ([]*os.File, error) {
	return nil, errors.New("no images here")
}

func (f *imagesFake) StopOrphans(string) { f.stopped.Add(1) }

// attach asks a run directory once, for so long.
func attach(t *testing.T, dir string, limit time.Duration) (presence service.Presence, stopped int32, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	images := &imagesFake{}
	began := time.Now()
	s, presence, err := (&Supervisors{images: images}).Attach(ctx, dir)
	if took := time.Since(began); took > limit+time.Minute {
		t.Errorf("it took %v, beyond the limit of %v", took, limit)
	}
	if (s != nil) != (presence == service.Alive) || (err != nil) != (presence == service.Unknown) {
		t.Errorf("%v, %v, %v do not go together", s, presence, err)
	}
	if s != nil {
		_ = s.Close()
	}
	return presence, images.stopped.Load(), err
}

// at listens as the supervisor of a new run directory; serve has each of its connections, one after the other, with
// the listener. It ends with the test.
func at(t *testing.T, serve func(fd int, listener *os.File)) (dir string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "run") //nolint:usetesting // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	listener, err := listen(filepath.Join(dir, wire.SocketFile))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := listener.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			fd := -1
			err := raw.Control(func(l uintptr) { fd, _, _ = unix.Accept4(int(l), unix.SOCK_CLOEXEC) })
			if err != nil || fd < 0 {
				return
			}
			serve(fd, listener)
		}
	}()
	t.Cleanup(func() {
		_ = raw.Control(func(l uintptr) { _ = unix.Shutdown(int(l), unix.SHUT_RDWR) }) // it may be closed
		<-ended
		_ = listener.Close()
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// TestAttachToOneThatIsGone: a supervisor is gone when the kernel says that nobody listens at its socket, or when
// there is no socket and no process.
func TestAttachToOneThatIsGone(t *testing.T) {
	t.Parallel()
	dead := t.TempDir()
	listener, err := listen(filepath.Join(dead, wire.SocketFile))
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	for name, dir := range map[string]string{
		"nobody listens": dead, "no socket": t.TempDir(), "no directory": filepath.Join(t.TempDir(), "missing"),
		// It ends while it is asked: its socket closes, and then nobody listens.
		"it ends": at(t, func(fd int, listener *os.File) { _, _ = listener.Close(), unix.Close(fd) }),
	} {
		if presence, stopped, err := attach(t, dir, time.Minute); presence != service.Gone || stopped != 1 || err != nil {
			t.Errorf("%s: %v, %d, %v", name, presence, stopped, err)
		}
	}
}

// TestAttachToOneThatMayLive: a supervisor is neither alive nor gone when it cannot be told, and what serves its
// images is left alone.
func TestAttachToOneThatMayLive(t *testing.T) {
	t.Parallel()
	says := func(packets ...string) string { return at(t, func(fd int, _ *os.File) { greet(fd, -1, packets...) }) }
	born, running := string(wire.Encode(&wire.Born{PID: 1, Supervisor: 2})), string(wire.Encode(&wire.Running{}))
	failed := string(wire.Encode(&wire.Failed{Stage: "greet", Text: "no descriptor left"}))
	stream := t.TempDir()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	if err := errors.Join(unix.Bind(fd, &unix.SockaddrUnix{Name: filepath.Join(stream, wire.SocketFile)}), unix.Listen(fd, 1)); err != nil {
		t.Fatal(err)
	}
	loop := t.TempDir()
	if err := os.Symlink(wire.SocketFile, filepath.Join(loop, wire.SocketFile)); err != nil {
		t.Fatal(err)
	}
	const soon, enough = 100 * time.Millisecond, time.Minute
	for name, c := range map[string]struct {
		dir   string
		limit time.Duration
		want  string
	}{
		"says nothing":            {says(), soon, "deadline exceeded"},
		"says too little":         {says(born), soon, "deadline exceeded"},
		"says what is unknown":    {says("\xc8 of tomorrow"), soon, "unreadable message"},
		"speaks in part":          {says("\xc8 of tomorrow", born), soon, "unreadable message"},
		"says half a message":     {says(string(wire.Encode(&wire.Born{PID: 1}))[:3]), soon, "unreadable message"},
		"does not say who it is":  {says(born, running), enough, errNoHandle.Error()},
		"cannot greet":            {says(failed), soon, "no descriptor left"},
		"closes, and listens":     {at(t, func(fd int, _ *os.File) { _ = unix.Close(fd) }), soon, errLost.Error() + "|deadline exceeded"},
		"another kind of socket":  {stream, enough, unix.EPROTOTYPE.Error()},
		"a path without end":      {loop, enough, unix.ELOOP.Error()},
		"a path that is too long": {filepath.Join(t.TempDir(), strings.Repeat("x", 120)), enough, unix.EINVAL.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for limit := c.limit; ; limit *= 2 { // on a busy machine, what it says is not read at once
				presence, stopped, err := attach(t, c.dir, limit)
				told := slices.ContainsFunc(strings.Split(c.want, "|"), func(want string) bool { return strings.Contains(fmt.Sprint(err), want) })
				if presence == service.Unknown && stopped == 0 && told {
					return
				}
				if !errors.Is(err, context.DeadlineExceeded) || limit > enough {
					t.Fatalf("%v, %d, %v; want %q", presence, stopped, err, c.want)
				}
			}
		})
	}
}

// greet says packets as they are, the first one with a descriptor unless that is -1, and waits for the other side's
// end.
func greet(fd, handle int, packets ...string) {
	for _, p := range packets {
		var rights []byte
		if handle >= 0 {
			rights = unix.UnixRights(handle)
		}
		_ = unix.Sendmsg(fd, []byte(p), rights, nil, unix.MSG_NOSIGNAL) // nobody may be there any more
		handle = -1
	}
	_, _ = unix.Read(fd, make([]byte, 16)) // it says nothing: this is its end
	_ = unix.Close(fd)
}

// TestAttachToOneThatGreets: a supervisor that says who it is, and that init runs, is alive, whatever it says besides
// that we do not know.
func TestAttachToOneThatGreets(t *testing.T) {
	t.Parallel()
	handle, born := supervisorFake(t)
	dir := at(t, func(fd int, _ *os.File) {
		greet(fd, int(handle.Fd()), born+"and more", "\xc8 of tomorrow", string(wire.Encode(&wire.Running{}))+"and more")
	})
	if presence, _, err := attach(t, dir, time.Minute); presence != service.Alive || err != nil {
		t.Errorf("%v, %v", presence, err)
	}
}

// supervisorFake is a process that lives as long as the test, with the Born that it would say.
func supervisorFake(t *testing.T) (handle *os.File, born string) {
	t.Helper()
	pid := sleeper(t).Process.Pid
	handle, err := pidfd.Open(pid)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = handle.Close() })
	return handle, string(wire.Encode(&wire.Born{PID: 1, Supervisor: uint32(pid)}))
}

// TestAttachAgain: a supervisor that lives, and does not answer in words that we know, can be asked again and again
// without a descriptor that stays open. The descriptors are the whole process's, so this test does not run beside
// others.
func TestAttachAgain(t *testing.T) {
	handle, born := supervisorFake(t)
	dir := at(t, func(fd int, _ *os.File) { greet(fd, int(handle.Fd()), born, "\xc8 of tomorrow") })
	open := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	before := open()
	for range 5 {
		if presence, _, err := attach(t, dir, 20*time.Millisecond); presence != service.Unknown {
			t.Errorf("%v, %v", presence, err)
		}
	}
	for deadline := time.Now().Add(time.Minute); open() > before; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d descriptors became %d", before, open())
		}
	}
}

// TestAttachToOneThatHangs: Attach to a supervisor that takes no connection ends with its context,
// however many connections wait already, and does not call it gone.
func TestAttachToOneThatHangs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	listener, err := listen(filepath.Join(dir, wire.SocketFile))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	for range 10 {
		answered := make(chan service.Presence, 1)
		go func() {
			presence, _, _ := attach(t, dir, 20*time.Millisecond)
			answered <- presence
		}()
		select {
		case presence := <-answered:
			if presence != service.Unknown {
				t.Errorf("one that listens is taken for %v", presence)
			}
		case <-time.After(time.Minute):
			t.Fatal("connect hangs")
		}
	}
}

package supervisor

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// fewDescriptors is set in the process that may have few descriptors: the limit is of all its threads.
const fewDescriptors = "BERTH_TEST_LIMITED"

// TestListenerWithoutDescriptors: a process without a free descriptor takes a connection with its
// reserve. Without the reserve the connection waits, costs no processor time, and is taken once
// there is room.
func TestListenerWithoutDescriptors(t *testing.T) {
	t.Parallel()
	if os.Getenv(fewDescriptors) == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestListenerWithoutDescriptors$", "-test.v")
		cmd.Env = append(os.Environ(), fewDescriptors+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v:\n%s", err, out)
		}
		return
	}
	listen, address := listening(t)
	l, err := newListener(listen)
	if err != nil {
		t.Fatal(err)
	}
	l.retry = 200 * time.Millisecond
	clients := []int{socket(t), socket(t)}
	held := exhaust(t)

	connect(t, clients[0], address)
	first, err := l.next()
	if err != nil {
		t.Fatal(err)
	}
	more, err := unix.FcntlInt(uintptr(first), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Errorf("no room beside a connection: %v", err)
	}
	l.refill() // there is no room

	connect(t, clients[1], address)
	taken := make(chan error, 1)
	before := spent(t)
	go func() {
		_, err := l.next()
		taken <- err
	}()
	select {
	case err := <-taken:
		t.Fatalf("the second was taken without a descriptor: %v", err)
	case <-time.After(500 * time.Millisecond):
	}
	if used := spent(t) - before; used > 100*time.Millisecond {
		t.Errorf("waiting for 500 ms took %v of a processor", used)
	}
	for _, fd := range append(held[:4], first, more) {
		_ = unix.Close(fd)
	}
	select {
	case err := <-taken:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(atLast):
		t.Error("the second was not taken when there was room")
	}
	l.refill()
	if len(l.reserve) != 2 {
		t.Errorf("the reserve has %d", len(l.reserve))
	}
}

// listening is a listening socket and its address.
func listening(t *testing.T) (int, *unix.SockaddrUnix) {
	t.Helper()
	fd := socket(t)
	address := &unix.SockaddrUnix{Name: filepath.Join(t.TempDir(), "s")}
	if err := unix.Bind(fd, address); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 4); err != nil {
		t.Fatal(err)
	}
	return fd, address
}

func socket(t *testing.T) int {
	t.Helper()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	return fd
}

func connect(t *testing.T, fd int, address unix.Sockaddr) {
	t.Helper()
	if err := unix.Connect(fd, address); err != nil {
		t.Fatal(err)
	}
}

// exhaust takes all descriptors that this process may have, for its whole life, and gives them.
func exhaust(t *testing.T) []int {
	t.Helper()
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 64, Max: 64}); err != nil {
		t.Fatal(err)
	}
	var held []int
	for {
		fd, err := unix.Dup(0)
		if err == unix.EMFILE {
			return held
		}
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, fd)
	}
}

// spent is the processor time of this process.
func spent(t *testing.T) time.Duration {
	t.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

//go:build nest

package launch_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/service"
)

// deafServer is an init that serves a file system at each place that it is told. It answers FUSE_INIT, and reads each
// later request without an answer: who waits for that cannot even be killed. The next line ends it. A FIFO whose last
// writer is just closing it has no line, so each is read until there is one.
const deafServer = `mknod /dev/fuse c 10 229
echo ready
while :; do
	until read place < /tmp/go; do :; done
	exec 3<> /dev/fuse
	mount -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 deaf $place
	dd bs=131072 count=1 <&3 > /tmp/request 2> /dev/null
	(printf '\120\0\0\0\0\0\0\0'; dd if=/tmp/request bs=1 skip=8 count=8 2> /dev/null # fuse_out_header: 80 bytes, no error, the request
	printf '\7\0\0\0\37\0\0\0\0\0\2\0\0\0\0\0\20\0\20\0\0\20\0\0'; dd if=/dev/zero bs=40 count=1 2> /dev/null) > /tmp/hello # fuse_init_out: 7.31
	dd if=/tmp/hello bs=80 count=1 >&3 2> /dev/null
	dd bs=131072 of=/dev/null <&3 2> /dev/null &
	exec 3>&-
	echo serves $place
	until read end < /tmp/go; do :; done
	kill -9 $!; wait $!; umount -l $place
	echo left $place
done`

// TestExecHeld: a file system of the container that does not answer holds a command, a user's look-up, a terminal or a
// signal up. The caller is told within seconds, 64 of them leave a clear error for the next one, and once the
// file system is gone, nothing of them is left.
func TestExecHeld(t *testing.T) {
	for name, c := range map[string]struct {
		place string
		ask   func(s service.Supervisor) error
	}{
		"directory": {"/mnt", func(s service.Supervisor) error {
			_, err := s.Exec(patient(t), service.Command{Argv: []string{"ls"}, Dir: "/mnt/x"}, nil)
			return err
		}},
		"program": {"/mnt", func(s service.Supervisor) error {
			_, err := s.Exec(patient(t), service.Command{Argv: []string{"/mnt/x"}}, nil)
			return err
		}},
		"user": {"/etc", func(s service.Supervisor) error {
			_, err := s.Exec(patient(t), service.Command{Argv: []string{"ls"}, User: "web"}, nil)
			return err
		}},
		"terminal": {"/dev/pts", func(s service.Supervisor) error {
			_, err := s.Exec(patient(t), service.Command{Argv: []string{"ls"}, Terminal: true}, nil)
			return err
		}},
		"signal": {"/proc", func(s service.Supervisor) error { return s.SignalInside(patient(t), 1, syscall.SIGURG) }},
	} {
		t.Run(name, func(t *testing.T) { heldAt(t, c.place, c.ask) })
	}
}

// TestExecHeldEnd: a container with a command and a look-up that its file system holds up ends as any other.
func TestExecHeldEnd(t *testing.T) {
	b := heldBox(t)
	s := b.run(t)
	b.says(t, "ready")
	b.write(t, "tmp/go", "/mnt\n")
	b.says(t, "serves /mnt")
	for _, c := range []service.Command{{Argv: []string{"/mnt/x"}}, {Argv: []string{"ls"}, Dir: "/mnt/x"}} {
		go func() { _, _ = s.Exec(patient(t), c, nil) }()
	}
	if err := os.Symlink("/mnt/x", b.root+"/etc/passwd"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Exec(patient(t), service.Command{Argv: []string{"ls"}, User: "web"}, nil); err == nil || !strings.Contains(err.Error(), "does not answer") {
		t.Errorf("a user: %v", err)
	}
	if err := syscall.Kill(int(s.Leader()), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if got := over(t, s); got != killed(syscall.SIGKILL) {
		t.Errorf("got %+v", got)
	}
}

// heldBox is a container with deafServer.
func heldBox(t *testing.T) *box {
	t.Helper()
	b := newBoxWith(t, deafServer, "<features><capabilities policy='default'><mknod state='on'/></capabilities></features>")
	for _, dir := range []string{"etc", "mnt"} {
		if err := os.Mkdir(b.root+"/"+dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.Mkfifo(b.root+"/tmp/go", 0o600); err != nil {
		t.Fatal(err)
	}
	return b
}

// heldAt asks while the file system at a place does not answer, once and then until there are too many, and after it is
// gone.
func heldAt(t *testing.T, place string, ask func(service.Supervisor) error) {
	b := heldBox(t)
	s := b.run(t)
	b.says(t, "ready")
	if _, err := execute(t, s, sh("exit 0"), ""); err != nil {
		t.Fatal(err)
	}
	before := kept(t, s)
	b.write(t, "tmp/go", place+"\n")
	b.says(t, "serves "+place)
	const slots = 64
	errs := make(chan error, slots)
	began := time.Now()
	for range slots {
		go func() { errs <- ask(s) }()
	}
	for range slots {
		if err := <-errs; err == nil || !strings.Contains(err.Error(), "a file system of the container does not answer") {
			t.Fatalf("after %v: %v", time.Since(began), err)
		}
	}
	_, err := execute(t, s, sh("exit 0"), "")
	if err == nil || !strings.Contains(err.Error(), "64 others are held up by a file system of the container that does not answer") || !errors.Is(err, syscall.EAGAIN) {
		t.Errorf("one more: %v", err)
	}
	b.write(t, "tmp/go", "\n")
	b.says(t, "left "+place)
	settled(t, func() error {
		if got, err := execute(t, s, sh("exit 5"), ""); got.exit != ended(5) || err != nil {
			return fmt.Errorf("a command of later: %+v, %w", got, err)
		}
		if after := kept(t, s); after != before {
			return fmt.Errorf("before %s, after %s", before, after)
		}
		return nil
	})
}

// patient is longer than the supervisor takes to give up, on a machine that is as busy as it likes.
func patient(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

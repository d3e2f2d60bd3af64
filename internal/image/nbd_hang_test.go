package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/plan"
)

// soon fails the test when something hangs.
func soon(t *testing.T, what string, f func() error) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-time.After(time.Minute):
		t.Fatal(what + " hangs")
		return nil
	}
}

// TestServerHangs: a server that says nothing to us holds a start no longer than its context, and
// its own messages do not hide that.
func TestServerHangs(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{
		"alone":        `echo "qemu-nbd: warning: old" >&2; exec sleep 1000`,
		"with a child": `echo "qemu-nbd: warning: old" >&2; sleep 1000; true`, // which has its standard error, too
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			locked, _ := readers(t)
			s, err := startServer(program(t, script), plan.Source{}, locked, filepath.Join(t.TempDir(), "sock"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = unix.Kill(-s.cmd.Process.Pid, unix.SIGKILL) }) // the child
			for s.stderr.String() == "" {
				time.Sleep(time.Millisecond)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			err = soon(t, "attach", func() error {
				_, err := s.attach(ctx)
				return err
			})
			err = soon(t, "the end", func() error { return s.end(err) })
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestServerIsNotToBlame: what the server said explains only its own end.
func TestServerIsNotToBlame(t *testing.T) {
	t.Parallel()
	for _, cause := range []error{unix.EACCES, errors.New("no scope"), fmt.Errorf("the device: %w", io.EOF)} {
		locked, _ := readers(t)
		s, err := startServer(program(t, `echo "qemu-nbd: warning: old" >&2; exec sleep 1000`), plan.Source{}, locked, filepath.Join(t.TempDir(), "sock"))
		if err != nil {
			t.Fatal(err)
		}
		for s.stderr.String() == "" {
			time.Sleep(time.Millisecond)
		}
		if err := s.end(cause); !errors.Is(err, cause) || !strings.Contains(err.Error(), cause.Error()) {
			t.Errorf("%v became %v", cause, err)
		}
	}
}

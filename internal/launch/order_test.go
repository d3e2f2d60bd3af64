package launch

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/wire"
	"github.com/berthd/berth/service"
)

// served returns a Process and its supervisor's end of the connection, which end with the test.
func served(t *testing.T) (p *Process, supervisor *wire.Conn) {
	t.Helper()
	conn, theirs, err := wire.Pair()
	if err != nil {
		t.Fatal(err)
	}
	// A child of another test that had it, too, would keep the connection open.
	fd, err := unix.FcntlInt(theirs.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	_ = theirs.Close()
	supervisor, err = wire.NewConn(fd)
	if err != nil {
		t.Fatal(err)
	}
	p = newProcess(0)
	p.conn = conn
	go p.read()
	t.Cleanup(func() { _ = supervisor.Close(); <-p.done })
	return p, supervisor
}

// TestStoppedSupervisor: a supervisor that reads nothing, as one that is stopped, holds up neither requests beyond
// their limit nor orders beyond theirs.
func TestStoppedSupervisor(t *testing.T) {
	t.Parallel()
	p, _ := served(t)
	within := func(what string, limit time.Duration, do func(context.Context) error) {
		t.Helper()
		ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, service.ErrTimeout)
		defer cancel()
		began, ended := time.Now(), make(chan error, 1)
		go func() { ended <- do(ctx) }()
		select {
		case err := <-ended:
			if !errors.Is(err, service.ErrTimeout) {
				t.Errorf("%s: %v after %v", what, err, time.Since(began))
			}
		case <-time.After(limit + time.Minute):
			t.Fatalf("%s hangs", what)
		}
	}
	big := service.Command{Argv: []string{strings.Repeat("x", 120<<10)}}
	for range 4 { // more than there is room for
		within("Exec", 0, func(ctx context.Context) error {
			_, err := p.Exec(ctx, big, nil)
			return err
		})
	}
	for p.conn.SendWithin(soon(t), &wire.Signal{}) == nil { // the rest of the room
	}
	within("SignalInside", 0, func(ctx context.Context) error { return p.SignalInside(ctx, 2, syscall.SIGTERM) })
	within("Ask", 0, func(ctx context.Context) error { return p.Ask(ctx, service.Request{Signal: true}) })
	within("ResizeConsole", 0, func(ctx context.Context) error { return p.ResizeConsole(ctx, 0, service.Window{}) })
	within("OpenConsole", 0, func(ctx context.Context) error {
		_, err := p.OpenConsole(ctx, 0, service.ConsoleOptions{})
		return err
	})
	within("Signal", orderLimit, func(context.Context) error { return p.Signal(syscall.SIGTERM) })
}

// soon is a context that ends soon.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

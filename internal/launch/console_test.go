package launch

import (
	"context"
	"errors"
	"os"
	"syscall"
	"testing"

	"github.com/berthd/berth/internal/wire"
	"github.com/berthd/berth/service"
)

// TestConsoleVersion: the service asks a supervisor for a console from that version of the protocol on that has it.
func TestConsoleVersion(t *testing.T) {
	t.Parallel()
	if service.EntryWire != wire.ConsoleVersion || wire.Version < wire.ConsoleVersion {
		t.Errorf("%d, %d, %d", service.EntryWire, wire.ConsoleVersion, wire.Version)
	}
}

// TestConsoleAnswers: each refusal of a supervisor has its error, and a supervisor that never answers is asked only
// so often.
func TestConsoleAnswers(t *testing.T) {
	t.Parallel()
	p, supervisor := served(t)
	for refusal, want := range map[syscall.Errno]error{
		0: nil, syscall.EBUSY: service.ErrConsoleBusy, syscall.EUSERS: service.ErrTooManyClients, syscall.EDQUOT: service.ErrTooManyOwnClients,
		syscall.ENOENT: service.ErrNoConsole, syscall.EIO: syscall.EIO,
	} {
		go func() {
			m, files, err := supervisor.Recv()
			if open, ok := m.(*wire.OpenConsole); ok && err == nil {
				_ = supervisor.Send(&wire.ConsoleAnswer{Request: open.Request, Refusal: refusal})
			}
			for _, f := range files {
				_ = f.Close()
			}
		}()
		f, err := p.OpenConsole(t.Context(), 0, service.ConsoleOptions{})
		if !errors.Is(err, want) || (f != nil) != (want == nil) {
			t.Errorf("%v: %v, %v", refusal, f, err)
		}
		_ = f.Close()
	}

	for i := range maxRequests + 1 {
		ctx, cancel := context.WithCancel(t.Context())
		go func() { // it reads the request, and does not answer it
			_, files, _ := supervisor.Recv()
			for _, f := range files {
				_ = f.Close()
			}
			cancel()
		}()
		_, err := p.OpenConsole(ctx, 0, service.ConsoleOptions{})
		if want := []error{context.Canceled, service.ErrTimeout}[i/maxRequests]; !errors.Is(err, want) {
			t.Fatalf("request %d: %v", i, err)
		}
	}
	_ = p.Close()
	<-p.done
	if _, err := p.OpenConsole(t.Context(), 0, service.ConsoleOptions{}); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("the supervisor is gone: %v", err)
	}
}

package launch

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"
	"testing"

	"github.com/berthd/berth/internal/wire"
	"github.com/berthd/berth/service"
)

// TestAnswers: an answer goes to its request only. A request that is given up counts until its answer has come, and the
// supervisor's end is the answer to all others.
func TestAnswers(t *testing.T) {
	t.Parallel()
	var a answers
	var last <-chan answer
	for i := range maxRequests {
		request, to, err := a.begin()
		if err != nil || request != uint32(i+1) {
			t.Fatalf("request %d: %d, %v", i, request, err)
		}
		last = to
	}
	if !a.answer(2, answer{err: io.EOF}) || a.answer(2, answer{}) || a.answer(maxRequests+1, answer{}) || len(last) != 0 {
		t.Error("an answer goes to its request once")
	}
	a.forgo(1)
	a.forgo(2) // it has its answer
	if _, _, err := a.begin(); err != nil {
		t.Errorf("after one answer: %v", err)
	}
	if _, _, err := a.begin(); !errors.Is(err, service.ErrTimeout) {
		t.Errorf("too many: %v", err)
	}
	if a.answer(1, answer{}) {
		t.Error("somebody waits for the answer to a request that was given up")
	}
	if _, _, err := a.begin(); err != nil {
		t.Errorf("after its answer: %v", err)
	}
	a.forgo(3)
	a.lose()
	if is := <-last; !errors.Is(is.err, os.ErrProcessDone) {
		t.Errorf("lost: %v", is.err)
	}
	if _, _, err := a.begin(); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("after the end: %v", err)
	}
}

// TestSupervisorEndsMeanwhile: when the supervisor ends before it answers, each request is told that, but Ask, which
// wanted an end.
func TestSupervisorEndsMeanwhile(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for name, ask := range map[string]func(*Process) error{
		"Exec": func(p *Process) error {
			_, err := p.Exec(ctx, service.Command{Argv: []string{"ls"}}, nil)
			return err
		},
		"SignalInside":  func(p *Process) error { return p.SignalInside(ctx, 2, syscall.SIGTERM) },
		"ResizeConsole": func(p *Process) error { return p.ResizeConsole(ctx, 0, service.Window{}) },
		"OpenConsole": func(p *Process) error {
			_, err := p.OpenConsole(ctx, 0, service.ConsoleOptions{})
			return err
		},
		"Ask": func(p *Process) error { return p.Ask(ctx, service.Request{Signal: true}) },
	} {
		p, supervisor := served(t)
		go func() { // it ends once it has read the request
			_, files, _ := supervisor.Recv()
			for _, f := range files {
				_ = f.Close()
			}
			_ = supervisor.Close()
		}()
		for _, when := range []string{"meanwhile", "before"} {
			if err := ask(p); errors.Is(err, os.ErrProcessDone) == (name == "Ask") || name == "Ask" && err != nil {
				t.Errorf("%s, it has ended %s: %v", name, when, err)
			}
		}
	}
}

// TestGivenUp: a command that begins after its request was given up is killed and forgotten.
func TestGivenUp(t *testing.T) {
	t.Parallel()
	p, supervisor := served(t)
	ctx, cancel := context.WithCancel(t.Context())
	asked := make(chan uint32, 1)
	go func() {
		if m, _, err := supervisor.Recv(); err == nil {
			asked <- m.(*wire.Exec).Request
		}
		cancel()
	}()
	if _, err := p.Exec(ctx, service.Command{Argv: []string{"ls"}}, nil); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if err := supervisor.Send(&wire.Begun{Request: <-asked, ID: 7}); err != nil {
		t.Fatal(err)
	}
	first, _, err := supervisor.Recv()
	if m, ok := first.(*wire.Signal); !ok || m.ID != 7 || m.Number != uint32(syscall.SIGKILL) {
		t.Errorf("%+v, %v", first, err)
	}
	second, _, err := supervisor.Recv()
	if m, ok := second.(*wire.Forget); !ok || m.ID != 7 || len(p.Executions()) != 0 {
		t.Errorf("%+v, %v, %d commands", second, err, len(p.Executions()))
	}
}

// TestDeprived: a command whose terminal or pipes are lost on their way is an error at once, and it is killed and
// forgotten unless it has ended.
func TestDeprived(t *testing.T) {
	t.Parallel()
	for name, begun := range map[string]wire.Begun{"lives": {ID: 7}, "ended": {ID: 7, Ended: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, supervisor := served(t)
			go func() {
				m, _, err := supervisor.Recv()
				if order, ok := m.(*wire.Exec); ok && err == nil {
					begun.Request = order.Request
					p.deprived(&begun, wire.ErrDescriptors)
				}
			}()
			if _, err := p.Exec(t.Context(), service.Command{Argv: []string{"ls"}}, nil); !errors.Is(err, wire.ErrDescriptors) {
				t.Fatal(err)
			}
			if begun.Ended {
				return
			}
			first, _, err := supervisor.Recv()
			if m, ok := first.(*wire.Signal); !ok || m.ID != 7 || m.Number != uint32(syscall.SIGKILL) {
				t.Errorf("%+v, %v", first, err)
			}
			second, _, err := supervisor.Recv()
			if m, ok := second.(*wire.Forget); !ok || m.ID != 7 || len(p.Executions()) != 0 {
				t.Errorf("%+v, %v, %d commands", second, err, len(p.Executions()))
			}
		})
	}
}

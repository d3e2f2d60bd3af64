package service

import (
	"context"
	"log/slog"
	"sync"

	"github.com/berthd/berth/internal/domain"
)

// fakeAuthority answers as decide says, and remembers what it was asked. Without decide it allows everything.
type fakeAuthority struct {
	mu     sync.Mutex
	asked  []string // action, container, and "dialogue" if so
	decide func(ctx context.Context, q Question, dialogue bool) (Verdict, error)
}

func (f *fakeAuthority) Decide(ctx context.Context, q Question, dialogue bool) (Verdict, error) {
	text := q.Action + " " + q.Subject.Name
	if dialogue {
		text += " dialogue"
	}
	f.mu.Lock()
	f.asked = append(f.asked, text)
	decide := f.decide
	f.mu.Unlock()
	if decide == nil {
		return Verdict{Allowed: true, Lasting: true}, nil
	}
	return decide(ctx, q, dialogue)
}

func (f *fakeAuthority) questions() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string{}, f.asked...)
}

func newTestAccess(f *fakeAuthority) *Access { return NewAccess(f, slog.New(slog.DiscardHandler)) }

// user is a caller who is not root.
var user = Caller{Known: true, UID: 1000, BusName: ":1.7"}

var someUUID = domain.UUID{1, 2, 3}

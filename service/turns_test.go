package service

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/berthd/berth/contract"
)

// TestTurns: a user who calls much waits for himself: only some questions about him are on their way, and another user
// is asked about at once. One who leaves while he waits is not asked about.
func TestTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		goOn := make(chan struct{})
		f := &fakeAuthority{decide: func(_ context.Context, q Question, _ bool) (Verdict, error) {
			if q.Caller.UID == 1000 {
				<-goOn
			}
			return Verdict{Allowed: true}, nil
		}}
		a := newTestAccess(f)
		ctx, leave := context.WithCancel(t.Context())
		results := make(chan error, 10)
		for i := range 10 {
			life := t.Context()
			if i == 9 {
				life = ctx
			}
			go func() { results <- a.Allow(life, Question{Caller: user, Action: contract.ActionControl}) }()
			synctest.Wait()
		}
		if n := len(f.questions()); n != questionsPerUser {
			t.Errorf("%d questions are on their way", n)
		}
		if err := a.Allow(t.Context(), Question{Caller: Caller{Known: true, UID: 1001}, Action: contract.ActionControl}); err != nil {
			t.Error(err)
		}
		leave()
		if err := <-results; !errors.Is(err, ErrDenied) {
			t.Errorf("one who has left: %v", err)
		}
		close(goOn)
		for range 9 {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
		if n := len(f.questions()); n != 10 || len(a.turns.users) != 0 {
			t.Errorf("%d questions, %d users are still known", n, len(a.turns.users))
		}
	})
}

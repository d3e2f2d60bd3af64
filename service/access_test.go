package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/contract"
)

// TestAllow: root may do everything, and nobody is asked. One whom the bus does not know may do nothing. For any other
// the authority decides, and somebody is asked for a password only if the caller is ready for it.
func TestAllow(t *testing.T) {
	t.Parallel()
	interactive := user
	interactive.Interactive = true
	broken := errors.New("no polkit")
	tests := []struct {
		name    string
		caller  Caller
		answers []Verdict
		fails   error
		want    error
		asked   int
	}{
		{"root", Caller{Known: true}, nil, broken, nil, 0},
		{"nobody knows", Caller{}, nil, nil, ErrDenied, 0},
		{"allowed", user, []Verdict{{Allowed: true}}, nil, nil, 1},
		{"denied", interactive, []Verdict{{}}, nil, ErrDenied, 1},
		{"no dialogue wanted", user, []Verdict{{Challenge: true}}, nil, ErrInteraction, 1},
		{"dialogue", interactive, []Verdict{{Challenge: true}, {Allowed: true}}, nil, nil, 2},
		{"wrong password", interactive, []Verdict{{Challenge: true}, {}}, nil, ErrDenied, 2},
		{"nobody to ask", interactive, []Verdict{{Challenge: true}, {Challenge: true}}, nil, ErrInteraction, 2},
		{"no authority", user, []Verdict{{Allowed: true}}, broken, broken, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := &fakeAuthority{}
			f.decide = func(_ context.Context, _ Question, dialogue bool) (Verdict, error) {
				n := len(f.questions())
				if dialogue != (n == 2) {
					t.Errorf("question %d: dialogue is %v", n, dialogue)
				}
				return tt.answers[n-1], tt.fails
			}
			err := newTestAccess(f).Allow(t.Context(), Question{Caller: tt.caller, Action: contract.ActionAdmin})
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if n := len(f.questions()); n != tt.asked {
				t.Errorf("asked %d times, want %d", n, tt.asked)
			}
			if tt.fails != nil && tt.want != nil && !strings.Contains(err.Error(), "polkit") {
				t.Errorf("%q does not say who could not be asked", err)
			}
		})
	}
}

// TestAskedOnceMore: an authority that is late is asked once more, unless it asks somebody for a password. Then nobody
// decides.
func TestAskedOnceMore(t *testing.T) {
	t.Parallel()
	interactive := user
	interactive.Interactive = true
	for name, c := range map[string]struct {
		caller  Caller
		silent  int // so many questions have no answer
		answers Verdict
		asked   int
		took    time.Duration
		decided bool
	}{
		"in time":  {user, 0, Verdict{Allowed: true}, 1, 0, true},
		"late":     {user, 1, Verdict{Allowed: true}, 2, answerLimit, true},
		"never":    {user, 2, Verdict{}, 2, 2 * answerLimit, false},
		"dialogue": {interactive, 0, Verdict{Challenge: true}, 2, dialogueLimit, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := &fakeAuthority{}
				f.decide = func(ctx context.Context, _ Question, dialogue bool) (Verdict, error) {
					if dialogue || len(f.questions()) <= c.silent {
						<-ctx.Done()
						return Verdict{}, fmt.Errorf("ask polkit: %w", context.Cause(ctx))
					}
					return c.answers, nil
				}
				began := time.Now()
				err := newTestAccess(f).Allow(t.Context(), Question{Caller: c.caller, Action: contract.ActionManage})
				asked := slices.DeleteFunc(f.questions(), func(text string) bool { return !strings.HasPrefix(text, contract.ActionManage) })
				if took := time.Since(began); took != c.took || len(asked) != c.asked { // what implies it is not counted
					t.Errorf("%d questions in %v, not %d in %v", len(asked), took, c.asked, c.took)
				}
				var undecided *UndecidedError
				if c.decided && err != nil || !c.decided && !errors.As(err, &undecided) {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

// TestCallerLeavesWhileAsked: a yes that comes when the caller has left is a no.
func TestCallerLeavesWhileAsked(t *testing.T) {
	t.Parallel()
	ctx, leave := context.WithCancel(t.Context())
	f := &fakeAuthority{decide: func(context.Context, Question, bool) (Verdict, error) {
		leave()
		return Verdict{Allowed: true}, nil
	}}
	if err := newTestAccess(f).Allow(ctx, Question{Caller: user}); !errors.Is(err, ErrDenied) {
		t.Errorf("got %v", err)
	}
}

// TestDialogues: a user who leaves dialogues unanswered keeps nobody else from being asked, until there are too many of
// all users. A place is free again when its dialogue is over.
func TestDialogues(t *testing.T) {
	t.Parallel()
	f := &fakeAuthority{decide: func(ctx context.Context, _ Question, dialogue bool) (Verdict, error) {
		if !dialogue {
			return Verdict{Challenge: true}, nil
		}
		<-ctx.Done()
		return Verdict{}, context.Cause(ctx)
	}}
	a := newTestAccess(f)
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan error, maxDialogues)
	open := func(uid uint32) {
		before := a.dialogueCount()
		go func() { ended <- a.Allow(ctx, Question{Caller: Caller{Known: true, UID: uid, Interactive: true}}) }()
		eventually(t, func() bool { return a.dialogueCount() == before+1 })
	}
	refused := func(uid uint32) {
		t.Helper()
		err := a.Allow(t.Context(), Question{Caller: Caller{Known: true, UID: uid, Interactive: true}})
		if !errors.Is(err, ErrTooManyDialogues) {
			t.Errorf("uid %d: %v", uid, err)
		}
	}
	for range maxDialoguesPerUser {
		open(1000)
	}
	refused(1000)
	for n := uint32(maxDialoguesPerUser); n < maxDialogues; n++ {
		open(2000 + n)
	}
	refused(3000)
	end()
	for range maxDialogues {
		if err := <-ended; !errors.Is(err, ErrDenied) {
			t.Errorf("got %v", err)
		}
	}
	if n := a.dialogueCount(); n != 0 || len(a.dialogues) != 0 {
		t.Errorf("%d places are still taken: %v", n, a.dialogues)
	}
}

func (a *Access) dialogueCount() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.waiting
}

func eventually(t *testing.T, done func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it did not come about")
		}
	}
}

// TestDetails: a rule sees the container by name and uuid, whose it is, and whether that is the caller, each only if
// there is one.
func TestDetails(t *testing.T) {
	t.Parallel()
	owned := Subject{UUID: someUUID, Name: "a", Owner: User{Set: true, UID: 1000}}
	tests := []struct {
		name string
		q    Question
		want map[string]string
	}{
		{"nothing", Question{Verb: "Ping"}, map[string]string{"verb": "Ping"}},
		{"no such container", Question{Subject: Subject{UUID: someUUID}}, map[string]string{"uuid": someUUID.String()}},
		{"owner", Question{Caller: user, Subject: owned}, map[string]string{
			"container": "a", "uuid": someUUID.String(), "owner": "1000", "caller-is-owner": "yes",
		}},
		{"another's", Question{Caller: Caller{Known: true, UID: 1001}, Subject: owned}, map[string]string{
			"container": "a", "uuid": someUUID.String(), "owner": "1000",
		}},
		{"nobody known", Question{Subject: Subject{UUID: someUUID, Owner: User{Set: true}}}, map[string]string{
			"uuid": someUUID.String(), "owner": "0",
		}},
		{"private users", Question{Subject: Subject{Name: "a", PrivateUsers: true}}, map[string]string{"container": "a", "private-users": "yes"}},
		{"network", Question{Network: "n"}, map[string]string{"network": "n"}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, tt.q.Details()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

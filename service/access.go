package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/berthd/berth/contract"
)

// How long an answer may take: one that needs nobody, and one for which somebody types a password. The first is asked
// for once more: polkitd 122 now and then misses the end of a rule, waits 15 s for it, and answers others only then.
const (
	answerLimit   = 10 * time.Second
	dialogueLimit = 2 * time.Minute
)

const complainPause = time.Minute

// How many dialogues may go on at a time, in all and for one user: whoever does not answer must not keep others from
// being asked.
const (
	maxDialogues        = 8
	maxDialoguesPerUser = 2
)

// The refusals.
var (
	ErrDenied           = errors.New("not authorized")
	ErrInteraction      = errors.New("interactive authorization is required")
	ErrTooManyDialogues = errors.New("too many authorizations wait for a password already")
)

// UndecidedError says that nobody decided whether a caller may do something, which is therefore refused.
type UndecidedError struct{ Err error }

func (e *UndecidedError) Error() string {
	return "polkit, which decides for every user but root, cannot be asked: " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *UndecidedError) Unwrap() error { return e.Err }

// Question is whether a caller may do something.
type Question struct {
	Caller  Caller
	Action  string  // one of package contract
	Verb    string  // what the caller wants, by the name of its front
	Subject Subject // the container that it is about, if any
	// Named is what the caller himself has said of the container, such as its name alone: as much as may be told to one
	// who may not see it, and as there is to tell where it does not exist.
	Named   Subject
	Network string // the network of the host that it is about, if any
}

// Verdict is the answer to a Question.
type Verdict struct {
	Allowed   bool
	Challenge bool // a dialogue could change the answer
	// Lasting says that the answer holds until the authority says otherwise (Access.Changed).
	Lasting bool
}

// Authority decides for every caller but root. Package polkit is one.
type Authority interface {
	// Decide answers. With dialogue it may have somebody asked for a password. When ctx ends, nobody is asked any more.
	// It returns an error if nobody can answer.
	Decide(ctx context.Context, q Question, dialogue bool) (Verdict, error)
}

// Access says who may do what. All fronts use the same one. Root may do everything, and nobody is asked about him.
type Access struct {
	authority Authority
	log       *slog.Logger
	turns     turns

	mu        sync.Mutex // guards the fields below; never held over a question
	dialogues map[uint32]int
	waiting   int // of all users
	known     known
	quiet     time.Time // until when it is not said again that nobody decides
}

// NewAccess returns the rights that an authority gives.
func NewAccess(a Authority, log *slog.Logger) *Access {
	return &Access{authority: a, log: log, dialogues: map[uint32]int{}, known: newKnown()}
}

// Allow returns nil if the caller may do what the question says. ctx is the caller's: when it ends, nobody is asked any
// more, and the answer is no. It returns ErrDenied; ErrInteraction if a dialogue could change that and the caller is
// not ready for one, or has nobody whom the authority could ask; ErrTooManyDialogues; or an UndecidedError.
func (a *Access) Allow(ctx context.Context, q Question) error {
	if q.Caller.Root() {
		return nil
	}
	if !q.Caller.Known {
		return ErrDenied
	}
	if q.Action == contract.ActionRead || q.Action == contract.ActionMonitor {
		if sees, _ := a.knownToSee(q); sees {
			return nil
		}
	}
	v, err := a.decide(ctx, q, false, answerLimit)
	if err == nil && !v.Allowed && q.Caller.Interactive && q.Subject != (Subject{}) {
		v, err = a.introduce(ctx, q, v)
	}
	switch {
	case err != nil:
		return err
	case v.Allowed:
		return nil
	case !v.Challenge:
		return ErrDenied
	case !q.Caller.Interactive:
		return ErrInteraction
	}
	return a.ask(ctx, q)
}

// introduce lets a caller who may not see the container of a question see it by a password, before anybody is asked the
// question itself: the agent that polkit asks can be the caller's own, and by a rule it depends on the container
// whether somebody is asked, and for whose password. Until then he cannot tell the container from one that is not
// there. v is the authority's word without a dialogue; introduce returns the one of now.
func (a *Access) introduce(ctx context.Context, q Question, v Verdict) (Verdict, error) {
	see := q
	see.Action = contract.ActionRead
	if q.Action != see.Action {
		if sees, err := a.Sees(ctx, see); sees || err != nil {
			return v, err
		}
	}
	see.Subject = q.Named
	if err := a.ask(ctx, see); err != nil || q.Action != see.Action {
		return v, err
	}
	return a.decide(ctx, q, false, answerLimit)
}

// ask has somebody asked for a password. It returns the errors of Allow.
func (a *Access) ask(ctx context.Context, q Question) error {
	done, err := a.dialogue(q.Caller.UID)
	if err != nil {
		return err
	}
	if yield, ok := ctx.Value(yieldKey{}).(func()); ok {
		yield()
	}
	defer done()
	v, err := a.decide(ctx, q, true, dialogueLimit)
	switch {
	case err != nil || v.Allowed:
		return err
	case v.Challenge: // nobody could be asked: the caller has no agent
		return ErrInteraction
	}
	return ErrDenied
}

func (a *Access) decide(ctx context.Context, q Question, dialogue bool, limit time.Duration) (Verdict, error) {
	if ctx.Err() != nil {
		return Verdict{}, ErrDenied
	}
	if !dialogue {
		leave, err := a.turns.take(ctx, q.Caller.UID)
		if err != nil {
			return Verdict{}, ErrDenied // he has left
		}
		defer leave()
	}
	late := fmt.Errorf("no answer after %v", limit)
	ask := func() (Verdict, error) {
		bounded, cancel := context.WithTimeoutCause(ctx, limit, late)
		defer cancel()
		v, err := a.authority.Decide(bounded, q, dialogue)
		if err == nil && !v.Allowed && !dialogue {
			return a.implied(bounded, q, v)
		}
		return v, err
	}
	v, err := ask()
	if errors.Is(err, late) && !dialogue {
		v, err = ask()
	}
	switch {
	case ctx.Err() != nil: // a yes that comes when the caller has left is none, either
		return Verdict{}, ErrDenied
	case err != nil:
		a.complain(q, err)
		return Verdict{}, &UndecidedError{err}
	}
	return v, nil
}

// complain logs that nobody decides, once in a while: whoever is refused can call as often as he likes.
func (a *Access) complain(q Question, err error) {
	a.mu.Lock()
	now := time.Now()
	quiet := now.Before(a.quiet)
	if !quiet {
		a.quiet = now.Add(complainPause)
	}
	a.mu.Unlock()
	if !quiet {
		a.log.Error("nobody decides who may do what", "action", q.Action, "verb", q.Verb, "uid", q.Caller.UID, "err", err)
	}
}

// dialogue takes one of the places for dialogues. It returns ErrTooManyDialogues if none is free.
func (a *Access) dialogue(uid uint32) (done func(), err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.waiting >= maxDialogues || a.dialogues[uid] >= maxDialoguesPerUser {
		return nil, ErrTooManyDialogues
	}
	a.waiting++
	a.dialogues[uid]++
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.waiting--
		if a.dialogues[uid]--; a.dialogues[uid] == 0 {
			delete(a.dialogues, uid)
		}
	}, nil
}

// Refused reports whether an error says that a caller lacks a right. The service asks again about a container that has
// changed, and about others that a definition reaches.
func Refused(err error) bool {
	_, undecided := errors.AsType[*UndecidedError](err)
	return undecided || errors.Is(err, ErrDenied) || errors.Is(err, ErrInteraction) || errors.Is(err, ErrTooManyDialogues)
}

// Hides reports whether a caller who was refused what a question says gets the error of a container that does not
// exist: he may not even see it. The same is asked about one that is not there, so that nobody can tell the two apart.
func (a *Access) Hides(ctx context.Context, q Question, refusal error) bool {
	if _, undecided := errors.AsType[*UndecidedError](refusal); undecided || errors.Is(refusal, ErrTooManyDialogues) {
		return false // says nothing of the container
	}
	if q.Action == contract.ActionRead {
		return true
	}
	q.Action = contract.ActionRead
	sees, unknown := a.SeesNow(ctx, q)
	return !sees || unknown != nil || q.Subject.Name == ""
}

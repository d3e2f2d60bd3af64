package service

import (
	"context"
	"time"
)

// What a caller may see is remembered: a list of a thousand containers, and each signal for each who listens, would be
// a question each. What a caller may do is never remembered.
const (
	knownLimit  = 5 * time.Second // beside the authority's word: rules may depend on what nobody tells of
	knownMost   = 4096            // answers about one caller
	knownOthers = 1024            // callers
)

// sight is what one answer is about.
type sight struct {
	action  string
	verb    string // rules are told of it
	subject Subject
	network string
}

type remembered struct {
	visible bool
	until   time.Time
}

// known are the lasting answers about what callers may see, by the callers' connections.
type known struct {
	age     uint64 // counts what made all answers void
	callers map[string]map[sight]remembered
}

func newKnown() known { return known{callers: map[string]map[sight]remembered{}} }

// Sees reports whether a caller may read what the question is about. Nobody is asked for a password. It returns an
// UndecidedError if nobody can answer.
func (a *Access) Sees(ctx context.Context, q Question) (bool, error) {
	switch {
	case q.Caller.Root():
		return true, nil
	case !q.Caller.Known:
		return false, nil
	}
	visible, ok := a.knownToSee(q)
	if ok {
		return visible, nil
	}
	return a.SeesNow(ctx, q)
}

// SeesNow is Sees without what is remembered: an answer about a container that is not there takes as long.
func (a *Access) SeesNow(ctx context.Context, q Question) (bool, error) {
	switch {
	case q.Caller.Root():
		return true, nil
	case !q.Caller.Known:
		return false, nil
	}
	age := a.age()
	v, err := a.decide(ctx, q, false, answerLimit)
	if err == nil && v.Lasting && q.Caller.key() != "" {
		a.remember(q, v.Allowed, age)
	}
	return v.Allowed, err
}

// sight returns what a question is about. No rule knows of the run.
func (q *Question) sight() sight {
	about := q.Subject
	about.Run, about.entry = 0, 0
	return sight{q.Action, q.Verb, about, q.Network}
}

// Visible returns those of a list that a caller may read. It returns an UndecidedError if nobody can answer. It takes
// as long for one more container that is hidden (pace).
func Visible[T any](ctx context.Context, a *Access, q Question, list []T, subject func(*T) Subject) ([]T, error) {
	switch {
	case q.Caller.Root():
		return list, nil
	case !q.Caller.Known:
		return nil, nil
	}
	var visible []T
	var p pace
	for i := -1; i < len(list); i++ {
		q.Subject = Subject{} // asked about as well, so that a list of none takes as long
		if i >= 0 {
			q.Subject = subject(&list[i])
		}
		sees, known := a.knownToSee(q)
		if !known {
			begun := time.Now()
			var err error
			if sees, err = a.SeesNow(ctx, q); err != nil {
				return nil, err
			}
			p.asked(time.Since(begun))
		}
		if sees && i >= 0 {
			visible = append(visible, list[i])
		}
	}
	p.wait(ctx)
	return visible, nil
}

// knownToSee returns the answer that is remembered; ok is false if none is.
func (a *Access) knownToSee(q Question) (visible, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r, ok := a.known.callers[q.Caller.key()][q.sight()]
	ok = ok && time.Now().Before(r.until)
	return r.visible && ok, ok
}

func (a *Access) age() uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.known.age
}

// remember notes an answer, unless all have become void since the question.
func (a *Access) remember(q Question, visible bool, age uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if age != a.known.age {
		return
	}
	name := q.Caller.key()
	answers := a.known.callers[name]
	if answers == nil && len(a.known.callers) >= knownOthers {
		clear(a.known.callers)
	}
	if answers == nil || len(answers) >= knownMost {
		answers = map[sight]remembered{}
		a.known.callers[name] = answers
	}
	answers[q.sight()] = remembered{visible, time.Now().Add(knownLimit)}
}

// Changed says that the authority may answer otherwise from now on.
func (a *Access) Changed() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.known.age++
	clear(a.known.callers)
}

// Forget says that a caller has left: his name on the bus, or Peer.Key.
func (a *Access) Forget(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.known.callers, name)
}

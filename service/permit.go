package service

import (
	"context"
	"fmt"
)

// mostRenewals bounds how often a container may change while its caller waits for the next answer.
const mostRenewals = 4

// Permit is the right of one call to do one thing with one container, or with none. It holds for the container that the
// question was about, in that run: who works with the container compares (Service.with), and asks again if that is
// another by then.
type Permit struct {
	access   *Access
	question Question
	life     context.Context //nolint:containedctx // of the caller, who may leave while he waits for an answer
}

// Permit asks whether a caller may do something. ctx is the caller's life. It returns the errors of Allow.
func (a *Access) Permit(ctx context.Context, q Question) (*Permit, error) {
	if err := a.Allow(ctx, q); err != nil {
		return nil, err
	}
	return &Permit{access: a, question: q, life: ctx}, nil
}

// Covers reports whether the permit is one for this container. One of root is for all.
func (p *Permit) Covers(now Subject) bool {
	return p.question.Caller.Root() || p.question.Subject == now
}

// Naming returns the permit of a caller who has said more of the container since.
func (p *Permit) Naming(named Subject) *Permit {
	with := *p
	with.question.Named = named
	return &with
}

// Renew asks the same about a container that has changed since. It returns the errors of Allow.
func (p *Permit) Renew(now Subject) (*Permit, error) {
	q := p.question
	q.Subject = now
	return p.access.Permit(p.life, q)
}

// Read runs read, which only looks at a container, until it has looked at one container all the time and the permit
// covers that. now is the container of the moment. It returns the errors of read and of Allow.
func (p *Permit) Read(now func() Subject, read func() error) error {
	for range mostRenewals {
		before := now()
		if !p.Covers(before) {
			var err error
			if p, err = p.Renew(before); err != nil {
				return err
			}
		}
		if err := read(); p.question.Caller.Root() || now() == before {
			return err
		}
	}
	return ErrRestless
}

type yieldKey struct{}

// Yields has give called before somebody is asked for a password: nobody may wait for the place of one who thinks about
// it.
func (p *Permit) Yields(give func()) { p.life = context.WithValue(p.life, yieldKey{}, give) }

// Also asks whether the caller may do something else, too, with the same container or another one, of which he has said
// what named has. It returns the errors of Allow.
func (p *Permit) Also(action string, now, named Subject) error {
	q := p.question
	q.Action, q.Subject, q.Named = action, now, named
	return p.access.Allow(p.life, q)
}

type permitKey struct{}

// WithPermit returns the context of a call that has been permitted.
func WithPermit(ctx context.Context, p *Permit) context.Context {
	return WithCaller(context.WithValue(ctx, permitKey{}, p), p.question.Caller)
}

// permitOf returns the permit of a call, nil if the service acts by itself.
func permitOf(ctx context.Context) *Permit {
	p, _ := ctx.Value(permitKey{}).(*Permit)
	return p
}

// chosen calls take, with mu held, for a container that the call has been permitted to work with. It is for what does
// not lock the container.
func (s *Service) chosen(ctx context.Context, find func() (*container, error), take func(*container) error) error {
	permit := permitOf(ctx)
	for range mostRenewals {
		c, err := find()
		if err != nil {
			return err
		}
		c.mu.Lock()
		now := c.subject()
		if permit == nil || permit.Covers(now) {
			err = take(c)
			c.mu.Unlock()
			return err
		}
		c.mu.Unlock()
		if permit, err = permit.Renew(now); err != nil {
			return err
		}
	}
	return ErrRestless
}

// lockFor locks a container for a call: the one that the caller was permitted to work with, or, if that has changed
// while he waited, one for which he has been permitted by now. It returns ErrNoContainer if there is none.
func (s *Service) lockFor(ctx context.Context, find func() (*container, error)) (*container, error) {
	permit := permitOf(ctx)
	for range mostRenewals {
		c, err := find()
		if err != nil {
			return nil, err
		}
		if err := c.lock(ctx); err != nil {
			return nil, err
		}
		now := c.current()
		switch {
		case c.gone:
			c.unlock()
			return nil, fmt.Errorf("%w with uuid %s", ErrNoContainer, now.UUID)
		case permit == nil || permit.Covers(now):
			return c, nil
		}
		c.unlock() // nobody may hold it over a question
		if permit, err = permit.Renew(now); err != nil {
			return nil, err
		}
	}
	return nil, ErrRestless
}

package dbusapi

import (
	"context"
	"errors"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

// Callers knows who callers are, by their unique bus names, for which the bus itself vouches.
type Callers interface {
	// UID returns the user of a connection. ctx ends when the caller leaves the bus.
	UID(ctx context.Context, sender dbus.Sender) (uint32, error)
}

// identify says who calls, in the bus's words. One that has left already is unknown.
func (s *Server) identify(c *call) service.Caller {
	uid, err := s.callers.UID(c.caller.ctx, c.sender)
	return service.Caller{
		Known: err == nil, UID: uid, BusName: string(c.sender), Interactive: c.flags&dbus.FlagAllowInteractiveAuthorization != 0,
	}
}

// question is what the call is, for the core.
func (s *Server) question(c *call) service.Question {
	q := service.Question{Caller: c.by, Action: c.action(), Verb: c.method.name}
	if c.kind == kindContainer || c.kind == kindProcess {
		q.Subject, q.Named = s.core.Subject(c.uuid), service.Subject{UUID: c.uuid}
	}
	if c.method.network && c.refusal == nil {
		q.Network = s.networkOf(c)
	}
	return q
}

// networkOf returns the name of the network that a call is about. Rules go by names, so a uuid becomes its network's
// name, also for the call itself.
func (s *Server) networkOf(c *call) string {
	given, _ := c.args[0].(string)
	if _, err := domain.ParseUUID(given); err == nil {
		if info, err := s.networks.Network(given); err == nil {
			c.args[0] = info.Name
			return info.Name
		}
	}
	return given
}

// admit lets the core decide whether the caller may do this, before anything is looked at: neither the arguments nor
// the container. It returns the context of the call.
func (s *Server) admit(c *call) (context.Context, error) {
	ctx := c.caller.ctx
	if c.method.mutates {
		ctx = s.ctx
	}
	above := c.kind != kindContainer && c.kind != kindProcess
	if c.method.open == listsVisible && !c.by.Root() {
		if err := s.visible(c.caller.ctx, c); err != nil {
			return ctx, err
		}
	}
	if c.method.open != "" || above && c.method.openAbove != "" {
		return service.WithCaller(ctx, c.by), nil
	}
	permit, err := s.access.Permit(c.caller.ctx, s.question(c))
	if err != nil {
		return ctx, s.refused(c, err)
	}
	c.permit = permit
	return service.WithPermit(ctx, permit), nil
}

// refused is the error for a caller without the right. One who may not even see the container gets the error of one
// that does not exist.
func (s *Server) refused(c *call, err error) error {
	if c.kind != kindContainer && c.kind != kindProcess {
		return c.denied(err)
	}
	if s.access.Hides(c.caller.ctx, s.question(c), err) {
		return c.missing()
	}
	return c.denied(err)
}

// missing is the error for an object that is not there, or that the caller may not see. Nobody but root can tell the
// two apart.
func (c *call) missing() *busError {
	if c.by.Root() {
		return stdError(contract.ErrorUnknownObject, "there is no object %s", c.path)
	}
	return stdError(contract.ErrorUnknownObject, "there is no object %s, or no right to see it (%s)", c.path, contract.ActionRead)
}

// denied says which right the caller lacks.
func (c *call) denied(err error) *busError { return deny(c.action(), err) }

func deny(action string, err error) *busError {
	undecided, is := errors.AsType[*service.UndecidedError](err)
	switch {
	case is:
		return stdError(contract.ErrorAccessDenied, "%s is not authorized: %v", action, undecided)
	case errors.Is(err, service.ErrInteraction):
		return stdError(contract.ErrorInteractionRequired, "%s needs interactive authorization", action)
	case errors.Is(err, service.ErrTooManyDialogues):
		return stdError(contract.ErrorLimitsExceeded, "%s is not authorized: %v", action, err)
	}
	return stdError(contract.ErrorAccessDenied, "%s is not authorized", action)
}

// visible finds those containers that the caller may read. One who sees none, and has no right to list any, gets the
// error of that. It is the same whether there are containers or not.
func (s *Server) visible(ctx context.Context, c *call) (err error) {
	q := service.Question{Caller: c.by, Action: c.action(), Verb: c.method.name}
	for range 2 {
		c.visible, err = service.Visible(ctx, s.access, q, s.core.List(), (*service.Snapshot).Subject)
		if err != nil {
			return c.denied(err)
		}
		if len(c.visible) > 0 {
			return nil
		}
		// Maybe a password is typed now, which holds for a while.
		if err := s.access.Allow(ctx, q); err != nil {
			return c.denied(err)
		}
	}
	return nil
}

// list returns the containers of a list that was admitted.
func (s *Server) list(c *call) []service.Snapshot {
	if c.by.Root() {
		return s.core.List()
	}
	return c.visible
}

// listed returns what tells the containers of a list that was admitted when they are met again.
func (c *call) listed() func(*service.Snapshot) bool {
	if c.by.Root() {
		return func(*service.Snapshot) bool { return true }
	}
	known := make(map[service.Subject]bool, len(c.visible))
	of := func(snap *service.Snapshot) service.Subject {
		subject := snap.Subject()
		subject.Run = 0 // it may have ended, or begun
		return subject
	}
	for i := range c.visible {
		known[of(&c.visible[i])] = true
	}
	return func(snap *service.Snapshot) bool { return known[of(snap)] }
}

// seen returns those containers that the caller may read, for an answer that is there without any.
func (s *Server) seen(ctx context.Context, c *call) ([]service.Snapshot, error) {
	q := service.Question{Caller: c.by, Action: contract.ActionRead, Verb: c.method.name}
	return service.Visible(ctx, s.access, q, s.core.List(), (*service.Snapshot).Subject)
}

// found lets the caller have a container that was looked for by something else than its object, if he may read it.
// wanted is what he has named, if there is none.
func (s *Server) found(ctx context.Context, c *call, snap service.Snapshot, err error, wanted service.Subject) ([]any, error) {
	if c.by.Root() {
		return pathOf(snap, err)
	}
	q := service.Question{Caller: c.by, Action: c.action(), Verb: c.method.name, Subject: wanted, Named: wanted}
	if err == nil {
		q.Subject = snap.Subject()
	}
	refusal := s.access.Allow(ctx, q)
	if undecided, is := errors.AsType[*service.UndecidedError](refusal); is {
		return nil, c.denied(undecided)
	}
	if refusal != nil || errors.Is(err, service.ErrNoContainer) {
		return nil, errNotSeen
	}
	return pathOf(snap, err)
}

// errNotSeen is the error of a look-up for whoever is not root.
var errNotSeen = errors.New("no such container, or no right to see it (" + contract.ActionRead + ")")

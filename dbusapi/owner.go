package dbusapi

import (
	"context"
	"errors"
	"strings"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

// The owner of a container that was started with the option autodestroy is a connection: the id of the bus, which is
// another after each start of the bus, and the connection's unique name there, which never comes back.

func startContainer(ctx context.Context, s *Server, c *call) ([]any, error) {
	o, done, err := s.startOptions(ctx, c)
	defer done()
	if err != nil {
		return nil, err
	}
	if err := s.core.StartWith(ctx, c.uuid, o); err != nil {
		return nil, err
	}
	s.watch(c.caller, c.uuid, o.Owner)
	return nil, nil
}

func createXML(ctx context.Context, s *Server, c *call) ([]any, error) {
	o, done, err := s.startOptions(ctx, c)
	defer done()
	if err != nil {
		return nil, err
	}
	snap, err := s.core.CreateWith(ctx, []byte(c.args[0].(string)), o)
	if err != nil {
		return nil, err
	}
	s.watch(c.caller, snap.UUID, o.Owner)
	return []any{ContainerPath(snap.UUID)}, nil
}

// startOptions reads the options of a start. The caller must call done after the start.
func (s *Server) startOptions(ctx context.Context, c *call) (o service.StartOptions, done func(), err error) {
	o.Passed, done = s.inbound.passed(c)
	o.Unit, o.Adopt = option[string](c, "unit"), option[bool](c, "adopt")
	autodestroy := option[bool](c, "autodestroy")
	switch {
	case c.given("unit") && !boundUnit.MatchString(o.Unit):
		return o, done, stdError(contract.ErrorInvalidArgs, "%q is not the name of a service unit", o.Unit)
	case o.Adopt && o.Unit == "":
		return o, done, stdError(contract.ErrorInvalidArgs, "option \"adopt\" of Start requires \"unit\"")
	case o.Adopt && (autodestroy || len(o.Passed) > 0): // what runs already can have neither
		return o, done, stdError(contract.ErrorInvalidArgs, "option \"adopt\" of Start excludes \"fds\", \"staged\" and \"autodestroy\"")
	case autodestroy:
		o.Owner, err = s.owner(ctx, string(c.sender))
	}
	return o, done, err
}

// owner names a connection.
func (s *Server) owner(ctx context.Context, name string) (string, error) {
	var id string
	err := s.bus.CallWithContext(ctx, "org.freedesktop.DBus.GetId", 0).Store(&id)
	return id + " " + name, err
}

// watch destroys a container when the caller leaves the bus. The caller may have left already.
func (s *Server) watch(c *caller, u domain.UUID, owner string) {
	if owner == "" {
		return
	}
	context.AfterFunc(c.ctx, func() {
		if s.ctx.Err() == nil { // else the server ends, and the next one watches
			s.destroyOwned(u, owner)
		}
	})
}

func (s *Server) destroyOwned(u domain.UUID, owner string) {
	err := s.core.DestroyOwned(s.ctx, u, owner)
	if err != nil && !errors.Is(err, service.ErrNoContainer) {
		s.log.Error("autodestroy", s.who(&call{kind: kindContainer, uuid: u}), "err", err)
	}
}

// watchOwned goes on with the containers that an earlier daemon started for a connection. The server hears by now of
// connections that leave.
func (s *Server) watchOwned(ctx context.Context) error {
	for _, snap := range s.core.List() {
		if snap.Owner == "" {
			continue
		}
		_, name, _ := strings.Cut(snap.Owner, " ")
		now, err := s.owner(ctx, name)
		if err != nil {
			return err
		}
		caller := s.inbound.callerOf(dbus.Sender(name))
		there := false
		if now == snap.Owner {
			err = s.bus.CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, name).Store(&there)
		}
		switch {
		case err != nil:
			return err
		case there:
			s.watch(caller, snap.UUID, snap.Owner)
		default:
			go s.destroyOwned(snap.UUID, snap.Owner)
		}
	}
	return nil
}

package dbusapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/bus"
	"github.com/berthd/berth/service"
)

// authPatience is how long a call keeps its place in a container's queue while it waits to be
// authorised. Somebody who thinks about a password must not keep root from stopping a container.
const authPatience = 250 * time.Millisecond

// handler makes godbus hand every call to the server: inbound has already found the method, so
// each look-up finds the handler itself.
type handler struct{ s *Server }

func (h handler) LookupObject(dbus.ObjectPath) (dbus.ServerObject, bool) { return h, true }
func (h handler) LookupInterface(string) (dbus.Interface, bool)          { return h, true }
func (h handler) LookupMethod(string) (dbus.Method, bool)                { return h, true }
func (h handler) NumArguments() int                                      { return 1 }
func (h handler) NumReturns() int                                        { return 0 }
func (h handler) ArgumentValue(int) any                                  { return (*call)(nil) }
func (h handler) ReturnValue(int) any                                    { return nil }

// DecodeArguments keeps godbus from decoding what inbound put into the body.
func (h handler) DecodeArguments(_ *dbus.Conn, _ string, _ *dbus.Message, args []any) ([]any, error) {
	return args, nil
}

// Call runs in a goroutine of its own per call. It returns nothing: the reply is ours to send.
func (h handler) Call(args ...any) ([]any, error) {
	h.s.serve(args[0].(*call))
	return nil, nil
}

// serve answers one call. The reply goes out behind the signals of what the call changed, and
// before the next call in the queue begins, so that the replies of a queue are in order, too.
func (s *Server) serve(c *call) {
	out, err := s.run(c)
	c.endTurn()
	c.closeFiles()
	if err != nil || c.flags&dbus.FlagNoReplyExpected != 0 {
		bus.CloseFiles(c.answers)
		c.answers = nil
	}
	msg := s.reply(c, out, err)
	s.post(c, msg)
	if c.ticket != nil {
		c.ticket.Leave()
	}
}

// panicError is a programmer's mistake in a handler.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return "internal error, see the log" }

// run does what the call asks. A panic in it is that call's error, never the end of the daemon
// and of everybody else's calls.
func (s *Server) run(c *call) (out []any, err error) {
	defer func() {
		if v := recover(); v != nil {
			out, err = nil, &panicError{value: v, stack: debug.Stack()}
		}
	}()
	if c.method == nil {
		return nil, c.refusal
	}
	if <-c.caller.known; c.excess != nil {
		return nil, c.excess
	}
	if err := s.checkUnread(c); err != nil { // nobody would read the answer
		return nil, err
	}
	c.by = s.identify(c)
	ctx, err := s.admitInTurn(c)
	if err != nil {
		return nil, err
	}
	if err := c.checkArguments(); err != nil {
		return nil, err
	}
	if c.method.mutates || c.method.waits || c.method.asks {
		c.endTurn()
	}
	if c.method.waits {
		done, err := s.inbound.takeWait(c)
		if err != nil {
			return nil, err
		}
		defer done()
	}
	if c.ticket != nil {
		select {
		case <-c.ticket.Served():
		case <-s.ctx.Done():
			return nil, service.ErrShuttingDown
		}
		if c.permit != nil {
			c.permit.Yields(c.ticket.Leave)
		}
	}
	out, err = s.carryOut(ctx, c)
	if c.kind == kindContainer && service.Refused(err) { // of a container that has changed since
		if hidden := s.refused(c, err); isMissing(hidden) {
			return nil, hidden
		}
	}
	return out, err
}

// checkArguments says what is wrong with the arguments. Only who may call the method hears of it.
func (c *call) checkArguments() error {
	if c.refusal != nil {
		return c.refusal
	}
	return c.method.checkOptions(c.args)
}

// admitInTurn is admit for a call that may have a place in a container's queue.
func (s *Server) admitInTurn(c *call) (context.Context, error) {
	if c.ticket == nil {
		return s.admitByTurn(c)
	}
	held := c.ticket
	patience := time.AfterFunc(authPatience, held.Leave)
	ctx, err := s.admitByTurn(c)
	if !patience.Stop() {
		c.ticket = s.core.Ticket(c.uuid)
		held.Leave()
	}
	return ctx, err
}

// admitByTurn is admit when it is the user's turn.
func (s *Server) admitByTurn(c *call) (context.Context, error) {
	if err := s.takeTurn(c); err != nil {
		return nil, err
	}
	return s.admit(c)
}

// carryOut runs the method. What only looks at a container looks at one for which the permit holds all the time.
func (s *Server) carryOut(ctx context.Context, c *call) (out []any, err error) {
	do := func() error {
		if err := s.findSubject(c); err != nil {
			return err
		}
		out, err = c.method.run(ctx, s, c)
		return err
	}
	if c.permit == nil || c.kind != kindContainer || !c.method.looks() {
		err = do()
	} else {
		err = c.permit.Read(func() service.Subject { return s.core.Subject(c.uuid) }, do)
	}
	if err != nil {
		return nil, err
	}
	if c.method.waits && c.permit != nil { // for as long as a container runs: much may have changed
		if now := s.core.Subject(c.uuid); !c.permit.Covers(now) {
			_, err = c.permit.Renew(now)
		}
	}
	return out, err
}

// findSubject finds the object of a call that is permitted.
func (s *Server) findSubject(c *call) error {
	switch {
	case c.permit == nil: // what is open is open on every path, so that no path tells anything
		return nil
	case c.kind == kindProcess:
		return s.findProcess(c)
	case c.kind != kindContainer:
		return nil
	}
	snap, err := s.core.ByUUID(c.uuid)
	if errors.Is(err, service.ErrNoContainer) {
		return c.missing()
	}
	c.subject = snap.Name
	return err
}

// reply encodes the answer to a call, nil when the caller wants none.
func (s *Server) reply(c *call, out []any, err error) []byte {
	var failed *busError
	if err != nil {
		failed = s.failure(c, err)
	}
	if c.flags&dbus.FlagNoReplyExpected != 0 {
		return nil
	}
	msg, err := encode(c.answer(out, failed), s.signals.serials.GetSerial())
	if err == nil {
		return msg
	}
	// The texts of the answer come from the service; this one is plain.
	s.log.Error("reply not sent", "op", c.member, s.who(c), "err", err)
	bus.CloseFiles(c.answers)
	c.answers = nil
	return s.encodeError(c, stdError(contract.ErrorInternal, "the reply cannot be sent"))
}

// encodeError encodes an error of a plain text.
func (s *Server) encodeError(c *call, failed *busError) []byte {
	msg, err := encode(c.answer(nil, failed), s.signals.serials.GetSerial())
	if err != nil {
		s.log.Error("error not sent", "op", c.member, s.who(c), "err", err)
	}
	return msg
}

// answer is the message that ends a call, with values or with an error.
func (c *call) answer(out []any, failed *busError) *dbus.Message {
	msg := &dbus.Message{Type: dbus.TypeMethodReply, Body: out, Headers: map[dbus.HeaderField]dbus.Variant{
		dbus.FieldDestination: dbus.MakeVariant(string(c.sender)),
		dbus.FieldReplySerial: dbus.MakeVariant(c.serial),
	}}
	if failed == nil && len(c.answers) > 0 {
		msg.Headers[dbus.FieldUnixFDs] = dbus.MakeVariant(uint32(len(c.answers)))
	}
	if failed != nil {
		msg.Type, msg.Body = dbus.TypeError, failed.body()
		msg.Headers[dbus.FieldErrorName] = dbus.MakeVariant(failed.name)
	}
	return msg
}

// who names the container of a call for the log.
func (s *Server) who(c *call) slog.Attr {
	if c.kind == kindContainer || c.kind == kindProcess {
		if snap, err := s.core.ByUUID(c.uuid); err == nil {
			return snap.Who()
		}
	}
	return slog.Attr{}
}

// failure is the one place where an unexpected error is logged.
func (s *Server) failure(c *call, err error) *busError {
	if c.method == nil {
		return c.refusal
	}
	failed, expected := c.method.onBus(c.subject, err)
	if expected {
		return failed
	}
	attrs := []any{"op", c.method.name, s.who(c), "err", err}
	if p, ok := errors.AsType[*panicError](err); ok {
		attrs = append(attrs, "panic", fmt.Sprint(p.value), "stack", string(p.stack))
	}
	s.log.Error("call failed", attrs...)
	return failed
}

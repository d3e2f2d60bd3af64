package dbusapi

import (
	"context"
	"sync"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

// maxCallsPerCaller bounds what one connection can have in work; the bus limits only calls that
// want a reply.
const maxCallsPerCaller = 1024

// call is one method call, from its arrival to its reply.
type call struct {
	serial    uint32
	sender    dbus.Sender
	path      dbus.ObjectPath
	member    string
	signature string
	flags     dbus.Flags
	args      []any
	caller    *caller

	kind    kind
	uuid    domain.UUID // of a container's path
	method  *method     // nil when there is none: then refusal says why
	refusal *wireError
	ticket  *service.Ticket // for a method that changes the container
	subject string          // what an error is about: a container's name where known
}

// caller is one connection that called us and has not left the bus.
type caller struct {
	ctx    context.Context //nolint:containedctx // the life of the caller is exactly what it stands for
	leave  context.CancelFunc
	active int
}

// intake sees every message in the one goroutine that reads the socket, before godbus starts a
// goroutine per call. Hence it alone knows the order of arrival, and its count of calls in flight
// has no gap: a call counts from the moment it was read until its reply is written.
type intake struct {
	ctx    context.Context //nolint:containedctx // the parent of every caller's context
	ifaces map[kind][]*iface
	ticket func(domain.UUID) *service.Ticket
	idle   chan struct{} // gets a token when the last call in flight ends

	mu      sync.Mutex // guards the fields below; never held over anything that blocks
	callers map[dbus.Sender]*caller
	active  int
	drained []chan struct{}
}

func newIntake(ctx context.Context, ifaces map[kind][]*iface, ticket func(domain.UUID) *service.Ticket) *intake {
	return &intake{
		ctx: ctx, ifaces: ifaces, ticket: ticket,
		idle: make(chan struct{}, 1), callers: make(map[dbus.Sender]*caller),
	}
}

// intercept is godbus's hook for incoming messages. It puts the call in place of the arguments,
// since the body is the one part that godbus hands on to the handler untouched, and hides the
// interface, because godbus answers org.freedesktop.DBus.Peer itself, with a wrong machine id.
// The no-reply flag stops godbus from replying; Server.reply does.
func (in *intake) intercept(msg *dbus.Message) {
	if msg.Type != dbus.TypeMethodCall {
		return
	}
	c := in.admit(msg)
	msg.Body = []any{c}
	delete(msg.Headers, dbus.FieldInterface)
	msg.Flags |= dbus.FlagNoReplyExpected
}

func (in *intake) admit(msg *dbus.Message) *call {
	c := &call{serial: msg.Serial(), flags: msg.Flags, args: msg.Body}
	c.path, _ = msg.Headers[dbus.FieldPath].Value().(dbus.ObjectPath)
	c.member, _ = msg.Headers[dbus.FieldMember].Value().(string)
	sender, _ := msg.Headers[dbus.FieldSender].Value().(string)
	c.sender = dbus.Sender(sender)
	sig, _ := msg.Headers[dbus.FieldSignature].Value().(dbus.Signature)
	c.signature = sig.String()
	ifaceName, _ := msg.Headers[dbus.FieldInterface].Value().(string)

	c.method, c.refusal = in.resolve(c, ifaceName)
	if !in.enter(c) {
		c.method, c.refusal = nil, stdError(contract.ErrorLimitsExceeded, "more than %d calls at once", maxCallsPerCaller)
	}
	if c.method != nil && c.method.mutates && c.kind == kindContainer {
		c.ticket = in.ticket(c.uuid)
	}
	return c
}

// resolve finds the method, also when the caller left the interface out, as the specification
// allows. Peer is the one interface that every path has.
func (in *intake) resolve(c *call, ifaceName string) (*method, *wireError) {
	c.kind, c.uuid = parsePath(c.path)
	of := c.kind
	if of == kindUnknown {
		if ifaceName != peerName {
			return nil, stdError(contract.ErrorUnknownObject, "there is no object %s", c.path)
		}
		of = kindBranch
	}
	known := ifaceName == ""
	for _, i := range in.ifaces[of] {
		if ifaceName != "" && ifaceName != i.name {
			continue
		}
		known = true
		if m := i.methods[c.member]; m != nil {
			return m, nil
		}
	}
	if !known {
		return nil, stdError(contract.ErrorUnknownInterface, "object %s has no interface %q", c.path, ifaceName)
	}
	return nil, stdError(contract.ErrorUnknownMethod, "object %s has no method %q in interface %q", c.path, c.member, ifaceName)
}

// enter counts the call in, and refuses it when its caller has too many.
func (in *intake) enter(c *call) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	c.caller = in.callers[c.sender]
	if c.caller == nil {
		ctx, cancel := context.WithCancel(in.ctx)
		c.caller = &caller{ctx: ctx, leave: cancel}
		in.callers[c.sender] = c.caller
	}
	in.active++
	c.caller.active++
	return c.caller.active <= maxCallsPerCaller
}

// done counts the call out.
func (in *intake) done(c *call) {
	in.mu.Lock()
	defer in.mu.Unlock()
	c.caller.active--
	in.active--
	if in.active > 0 {
		return
	}
	for _, ch := range in.drained {
		close(ch)
	}
	in.drained = nil
	select {
	case in.idle <- struct{}{}:
	default:
	}
}

// inFlight is the number of calls read and not yet answered.
func (in *intake) inFlight() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.active
}

// drain returns a channel that is closed once no call is in flight.
func (in *intake) drain() <-chan struct{} {
	in.mu.Lock()
	defer in.mu.Unlock()
	ch := make(chan struct{})
	if in.active == 0 {
		close(ch)
	} else {
		in.drained = append(in.drained, ch)
	}
	return ch
}

// DeliverSignal is godbus's hook for signals. The only one subscribed to tells that a connection
// left the bus: its context ends. A unique name never comes back.
func (in *intake) DeliverSignal(ifaceName, member string, s *dbus.Signal) {
	if s.Sender != "org.freedesktop.DBus" || ifaceName != "org.freedesktop.DBus" || member != "NameOwnerChanged" {
		return
	}
	var name, before, after string
	if err := dbus.Store(s.Body, &name, &before, &after); err != nil || after != "" {
		return
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if left := in.callers[dbus.Sender(name)]; left != nil {
		left.leave()
		delete(in.callers, dbus.Sender(name))
	}
}

package dbusapi

import (
	"context"
	"os"
	"sync"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/bus"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

// What one connection can have in work; the bus limits only calls that want a reply.
const (
	maxCallsPerCaller = 1024
	maxBytesPerCaller = 16 << 20 // of arguments
	maxFilesPerCaller = 1024     // descriptors of its calls; those that are staged come on top (service.MaxPassed)
)

// call is one method call, from its arrival to its reply.
type call struct {
	serial uint32
	sender dbus.Sender
	path   dbus.ObjectPath
	member string
	flags  dbus.Flags
	args   []any
	header *bus.Header // with the descriptors that came with the call
	count  int         // of those
	caller *caller

	kind    kind
	uuid    domain.UUID // of a container's or a command's path
	process service.ProcessKey
	by      service.Caller
	permit  *service.Permit    // nil if nobody had to be asked
	visible []service.Snapshot // of a list, for who is not root
	method  *method            // nil when there is none: then refusal says why
	refusal *busError          // with a method: what is wrong with the arguments, for who may call it
	ticket  *service.Ticket    // for a method that changes the container
	subject string             // what an error is about: a container's name where known
	answers []*os.File         // what the reply hands out: they are closed when it is written (give)
}

// caller is one connection that called us and has not left the bus.
type caller struct {
	ctx    context.Context //nolint:containedctx // the life of the caller is exactly what it stands for
	leave  context.CancelFunc
	active int
	bytes  int // of the arguments of the active ones
	files  int // descriptors of the active ones
	staged staged
}

// inbound sees every message in the one goroutine that reads the socket, before godbus starts a
// goroutine per call. Hence it alone knows the order of arrival, and its count of calls in flight
// has no gap: a call counts from the moment it was read until its reply is written.
type inbound struct {
	ctx    context.Context //nolint:containedctx // the parent of every caller's context
	ifaces map[kind][]*iface
	ticket func(domain.UUID) *service.Ticket
	idle   chan struct{} // gets a token when the last call in flight ends
	own    dbus.Sender   // the daemon's own client
	next   *call         // the one that is being read; for the goroutine that reads

	mu      sync.Mutex // guards the fields below; never held over anything that blocks
	callers map[dbus.Sender]*caller
	active  int
	ours    int // of the active ones, those of own
	drained []chan struct{}
}

func newInbound(ctx context.Context, ifaces map[kind][]*iface, ticket func(domain.UUID) *service.Ticket) *inbound {
	return &inbound{
		ctx: ctx, ifaces: ifaces, ticket: ticket,
		idle: make(chan struct{}, 1), callers: make(map[dbus.Sender]*caller),
	}
}

// expect says what the body of a call may be, before any of it is decoded. It notes the call for
// intercept, which gets the same one next, in the same goroutine.
func (in *inbound) expect(h *bus.Header) bus.Body {
	c := &call{
		serial: h.Serial, flags: h.Flags, sender: dbus.Sender(h.Sender), path: dbus.ObjectPath(h.Path), member: h.Member,
		header: h,
	}
	c.method, c.refusal = in.resolve(c, h.Interface)
	in.next = c
	if c.method == nil {
		return bus.Body{}
	}
	return bus.Body{Signature: c.method.in, Max: c.method.maxArgs(), Descriptors: c.method.descriptors}
}

// intercept is godbus's hook for incoming messages. It puts the call in place of the arguments,
// since the body is the one part that godbus hands on to the handler untouched, and hides the
// interface, because godbus answers org.freedesktop.DBus.Peer itself, with a wrong machine id.
// The no-reply flag stops godbus from replying; Server.reply does.
func (in *inbound) intercept(msg *dbus.Message) {
	if msg.Type != dbus.TypeMethodCall {
		return
	}
	c := in.next
	in.next = nil
	c.args = msg.Body
	in.admit(c)
	msg.Body = []any{c}
	delete(msg.Headers, dbus.FieldInterface)
	msg.Flags |= dbus.FlagNoReplyExpected
}

// admit counts a call in and gives it its place among those that change the same container, or says
// why it is refused.
func (in *inbound) admit(c *call) {
	if refusal := in.enter(c); refusal != nil {
		c.method, c.refusal = nil, refusal
	} else if c.method != nil {
		c.refusal = c.method.refuse(c.header)
	}
	if c.refusal != nil {
		c.closeFiles()
	}
	if c.method != nil && c.method.mutates && c.kind == kindContainer {
		c.ticket = in.ticket(c.uuid)
	}
}

// action is the one that the call needs.
func (c *call) action() string {
	if c.kind == kindLog {
		return contract.ActionAdmin
	}
	if c.refusal == nil && c.method.options["secure"] == "b" && option[bool](c, "secure") {
		return contract.ActionReadSecure
	}
	return c.method.action
}

// resolve finds the method, also when the caller left the interface out, as the specification
// allows. Peer is the one interface that every path has.
func (in *inbound) resolve(c *call, ifaceName string) (*method, *busError) {
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
func (in *inbound) enter(c *call) *busError {
	in.mu.Lock()
	defer in.mu.Unlock()
	c.caller = in.caller(c.sender)
	in.active++
	if c.sender == in.own {
		in.ours++
	}
	c.caller.active++
	c.caller.bytes += c.size()
	c.caller.files += len(c.header.Files)
	c.count = len(c.header.Files)
	switch {
	case c.caller.active > maxCallsPerCaller:
		return stdError(contract.ErrorLimitsExceeded, "more than %d calls at once", maxCallsPerCaller)
	case c.caller.bytes > maxBytesPerCaller:
		return stdError(contract.ErrorLimitsExceeded, "more than %d bytes of arguments at once", maxBytesPerCaller)
	case c.caller.files > maxFilesPerCaller:
		return stdError(contract.ErrorLimitsExceeded, "more than %d descriptors at once", maxFilesPerCaller)
	}
	return nil
}

// size is the number of bytes that the arguments came in.
func (c *call) size() int {
	if c.header.Fault != nil {
		return 0
	}
	return c.header.Length
}

// done counts the call out.
func (in *inbound) done(c *call) {
	in.mu.Lock()
	defer in.mu.Unlock()
	c.caller.active--
	c.caller.bytes -= c.size()
	c.caller.files -= c.count
	in.active--
	if c.sender == in.own {
		in.ours--
	}
	if in.active == 0 {
		for _, ch := range in.drained {
			close(ch)
		}
		in.drained = nil
	}
	if in.active > in.ours || c.sender == in.own {
		return
	}
	select {
	case in.idle <- struct{}{}:
	default:
	}
}

// inFlight is the number of calls of others that were read and are not answered yet.
func (in *inbound) inFlight() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.active - in.ours
}

// drain returns a channel that is closed once no call is in flight.
func (in *inbound) drain() <-chan struct{} {
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
func (in *inbound) DeliverSignal(ifaceName, member string, s *dbus.Signal) {
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
		left.staged.close()
		delete(in.callers, dbus.Sender(name))
	}
}

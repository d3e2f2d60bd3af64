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
	excess *busError // a limit of its user, which was not known when it came
	turn   *turn     // nil before and after

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

// inbound sees every message in the one goroutine that reads the socket, before godbus starts a
// goroutine per call. Hence it alone knows the order of arrival, and its count of calls in flight
// has no gap: a call counts from the moment it was read until its reply is written.
type inbound struct {
	ctx    context.Context //nolint:containedctx // the parent of every caller's context
	ifaces map[kind][]*iface
	ticket func(domain.UUID) *service.Ticket
	uid    func(context.Context, dbus.Sender) (uint32, error)
	idle   chan struct{} // gets a token when the last call in flight ends
	own    dbus.Sender   // the daemon's own client
	next   *call         // the one that is being read; for the goroutine that reads

	mu       sync.Mutex // guards the fields below; never held over anything that blocks
	callers  map[dbus.Sender]*caller
	accounts map[user]*account
	nobody   *account // for the place of what goes to them in the outbox
	unknown  int      // bytes of arguments of calls whose users are not known yet
	active   int
	ours     int // of the active ones, those of own
	drained  []chan struct{}
}

func newInbound(ctx context.Context, ifaces map[kind][]*iface, ticket func(domain.UUID) *service.Ticket,
	uid func(context.Context, dbus.Sender) (uint32, error),
) *inbound {
	return &inbound{
		ctx: ctx, ifaces: ifaces, ticket: ticket, uid: uid, idle: make(chan struct{}, 1),
		callers: make(map[dbus.Sender]*caller), accounts: make(map[user]*account), nobody: newAccount(user{}),
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

// size is the number of bytes that the arguments came in.
func (c *call) size() int {
	if c.header.Fault != nil {
		return 0
	}
	return c.header.Length
}

// rest tells those who wait that no call is in flight, and that none of others is. c was the last. The caller holds mu.
func (in *inbound) rest(c *call) {
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

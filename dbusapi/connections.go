package dbusapi

import (
	"context"
	"maps"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
)

// caller is one connection that called us and has not left the bus.
type caller struct {
	ctx    context.Context //nolint:containedctx // the life of the caller is exactly what it stands for
	leave  context.CancelFunc
	active int
	bytes  int // of the arguments of the active ones
	files  int // descriptors of the active ones
	staged staged

	// known is closed when the user is; user and account are set before, and never again.
	known   chan struct{}
	user    user
	account *account
	early   []*call // those that came before
	gone    bool
	mail    mail
}

// maxUnknown bounds the arguments, in bytes, of calls whose users the bus has not told yet. With more, the reader
// waits for each: no honest caller is refused, and memory has a bound.
const maxUnknown = 64 << 20

// callerOf returns the connection of a name, which need not have called yet.
func (in *inbound) callerOf(name dbus.Sender) *caller {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.caller(name)
}

// caller is callerOf for who holds mu.
func (in *inbound) caller(name dbus.Sender) *caller {
	c := in.callers[name]
	if c == nil {
		ctx, cancel := context.WithCancel(in.ctx)
		c = &caller{ctx: ctx, leave: cancel, known: make(chan struct{})}
		in.callers[name] = c
		go in.identify(c, name)
	}
	return c
}

// identify learns a caller's user, and counts the calls that came meanwhile. A connection that has left already is
// nobody's whom the bus knows.
func (in *inbound) identify(c *caller, name dbus.Sender) {
	uid, err := in.uid(c.ctx, name)
	of := user{known: err == nil, uid: uid}
	in.mu.Lock()
	defer in.mu.Unlock()
	a := in.accounts[of]
	if a == nil {
		a = newAccount(of)
		in.accounts[of] = a
	}
	c.user, c.account = of, a
	if !c.gone {
		a.connections++
		a.unread.add(c.mail.unread())
	}
	for _, early := range c.early {
		in.unknown -= early.size()
		early.excess = a.charge(early)
	}
	c.early = nil
	in.forget(a)
	close(c.known)
}

// forget drops an account that counts nothing. The caller holds mu.
func (in *inbound) forget(a *account) {
	if !a.idle() {
		return
	}
	maps.DeleteFunc(in.accounts, func(_ user, other *account) bool { return other == a })
}

// enter counts the call in, and refuses it when its connection or its user has too many.
func (in *inbound) enter(c *call) *busError {
	in.mu.Lock()
	c.caller = in.caller(c.sender)
	from := c.caller
	in.active++
	if c.sender == in.own {
		in.ours++
	}
	from.active++
	from.bytes += c.size()
	from.files += len(c.header.Files)
	c.count = len(c.header.Files)
	refusal := from.exceeded()
	switch {
	case from.account == nil:
		from.early = append(from.early, c)
		in.unknown += c.size()
	case refusal == nil:
		refusal = from.account.charge(c)
	default:
		_ = from.account.charge(c)
	}
	wait := in.unknown > maxUnknown
	in.mu.Unlock()
	if wait {
		<-from.known
	}
	return refusal
}

// exceeded says which limit of a connection its calls exceed.
func (c *caller) exceeded() *busError {
	switch {
	case c.active > maxCallsPerCaller:
		return stdError(contract.ErrorLimitsExceeded, "the connection has more than %d calls at once", maxCallsPerCaller)
	case c.bytes > maxBytesPerCaller:
		return stdError(contract.ErrorLimitsExceeded, "the connection has more than %d bytes of arguments at once", maxBytesPerCaller)
	case c.files > maxFilesPerCaller:
		return stdError(contract.ErrorLimitsExceeded, "the connection has more than %d descriptors at once", maxFilesPerCaller)
	}
	return nil
}

// done counts the call out.
func (in *inbound) done(c *call) {
	in.mu.Lock()
	defer in.mu.Unlock()
	from := c.caller
	from.active--
	from.bytes -= c.size()
	from.files -= c.count
	if from.account != nil {
		from.account.discharge(c)
		in.forget(from.account)
	} else {
		in.unknown -= c.size()
		from.early = without(from.early, c)
	}
	in.active--
	if c.sender == in.own {
		in.ours--
	}
	in.rest(c)
}

func without(list []*call, c *call) []*call {
	for i := range list {
		if list[i] == c {
			return append(list[:i:i], list[i+1:]...)
		}
	}
	return list
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
	left := in.callers[dbus.Sender(name)]
	if left == nil {
		return
	}
	left.leave()
	in.discard(left, left.staged)
	left.staged = staged{}
	delete(in.callers, dbus.Sender(name))
	left.gone = true
	if left.account != nil {
		left.account.connections--
		left.account.unread = left.account.unread.minus(left.mail.unread())
		in.forget(left.account)
	}
}

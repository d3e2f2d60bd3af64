package dbusapi

import (
	"context"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/bus"
)

// dbus-daemon keeps a message until its receiver has read it, and counts it to the sender until then. With 127 MiB or
// 64 descriptors it reads nothing more of us, and all callers wait for one that does not read. So what a user leaves
// unread has a bound. With dbus-broker there is nothing to do: it hangs up on who does not read.

const (
	// refusals is how many bytes of errors a user gets who leaves too much unread. With more, there are no answers.
	refusals = 1 << 20
	// askAgain is how soon the bus is asked again what a user leaves unread who left too much.
	askAgain = 100 * time.Millisecond
	// readPatience is how long an answer waits for its receiver to read what there is. One that is busy reads late.
	readPatience = time.Second
	// writePatience is how long the bus may take nothing of us before we look for the cause, and between two looks.
	writePatience = 5 * time.Second
)

// mail is what went to a caller: it was queued, it was written to the bus, and the caller has read it.
type mail struct{ queued, written, read Backlog }

func (m *mail) unread() Backlog { return m.queued.less(m.read) }

// post queues the answer to a call. Who leaves too much unread gets an error instead, and at last nothing.
func (s *Server) post(c *call, msg []byte) {
	in := s.inbound
	size := Backlog{len(msg), len(c.answers)}
	if !in.queue(c.caller, size) && (s.leavesUnread(s.ctx, c.caller.account) || !in.queue(c.caller, size)) {
		msg = s.unreadError(c, msg)
		size = Backlog{len(msg), 0}
		in.count(c.caller, size, func(m *mail) *Backlog { return &m.queued })
	}
	s.signals.out.put(outgoing{msg: msg, files: c.answers, to: in.payer(c.caller), sent: func() {
		in.count(c.caller, size, func(m *mail) *Backlog { return &m.written })
		in.done(c)
	}})
}

// payer is the account of a caller, or one of none while the user is not known.
func (in *inbound) payer(c *caller) *account {
	in.mu.Lock()
	defer in.mu.Unlock()
	if c.account == nil {
		return in.nobody
	}
	return c.account
}

// unreadError is what goes instead of an answer to a user who leaves too much unread.
func (s *Server) unreadError(c *call, msg []byte) []byte {
	bus.CloseFiles(c.answers)
	c.answers = nil
	a := c.caller.account
	if msg == nil || s.inbound.left(a).Bytes > a.quota.unread.Bytes+refusals {
		return nil
	}
	return s.encodeError(c, a.unreadError())
}

func (a *account) unreadError() *busError {
	return stdError(contract.ErrorLimitsExceeded, "%s not read more than %d bytes or %d descriptors of answers",
		a.who, a.quota.unread.Bytes, a.quota.unread.Files)
}

// checkUnread refuses a call of a user who leaves too much unread.
func (s *Server) checkUnread(c *call) error {
	if a := c.caller.account; s.leavesUnread(c.caller.ctx, a) {
		return a.unreadError()
	}
	return nil
}

// leavesUnread reports whether a user leaves too much unread, also after some patience. One who has tried that in vain
// finds none before he has read something.
func (s *Server) leavesUnread(ctx context.Context, a *account) bool {
	in := s.inbound
	if !in.left(a).exceeds(a.quota.unread) {
		return false
	}
	tick := time.NewTicker(askAgain)
	defer tick.Stop()
	for end := time.Now().Add(readPatience); ; {
		in.learn(ctx, a, s.backlogs)
		switch {
		case !in.left(a).exceeds(a.quota.unread):
			in.patient(a, true)
			return false
		case time.Now().After(end) || !in.patient(a, false):
			in.impatient(a)
			return true
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return true
		}
	}
}

// patient reports whether a user is waited for. read says that he has read.
func (in *inbound) patient(a *account, read bool) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if read {
		a.ignores = false
	}
	return !a.ignores
}

// impatient has a user waited for no more, until he has read something.
func (in *inbound) impatient(a *account) {
	in.mu.Lock()
	defer in.mu.Unlock()
	a.ignores = true
}

// queue counts an answer, unless the caller's user leaves too much unread.
func (in *inbound) queue(c *caller, size Backlog) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if c.account != nil && c.account.unread.exceeds(c.account.quota.unread) {
		return false
	}
	in.change(c, func(m *mail) { m.queued.add(size) })
	return true
}

func (in *inbound) left(a *account) Backlog {
	in.mu.Lock()
	defer in.mu.Unlock()
	return a.unread
}

// count adds to what went to a caller.
func (in *inbound) count(c *caller, n Backlog, to func(*mail) *Backlog) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.change(c, func(m *mail) { to(m).add(n) })
}

// change changes the mail of a caller, and the sum of its user with it. The caller of change holds mu.
func (in *inbound) change(c *caller, edit func(*mail)) {
	before := c.mail.unread()
	edit(&c.mail)
	if c.account != nil && !c.gone {
		c.account.unread.add(c.mail.unread().minus(before))
	}
}

// learn asks the bus what a user has read, until that is enough.
func (in *inbound) learn(ctx context.Context, a *account, from Backlogs) {
	select {
	case a.asking <- struct{}{}:
		defer func() { <-a.asking }()
	case <-ctx.Done():
		return
	}
	now := time.Now()
	if now.Sub(a.asked) < askAgain {
		return
	}
	a.asked = now
	for name, c := range in.debtors(a) {
		if in.learnOf(ctx, c, string(name), from) {
			a.asked = time.Time{}
			return
		}
	}
}

// learnOf asks the bus what one connection has read. It returns true if its user does not leave too much unread then.
func (in *inbound) learnOf(ctx context.Context, c *caller, name string, from Backlogs) bool {
	in.mu.Lock()
	written := c.mail.written
	in.mu.Unlock()
	waits, err := from.Unread(ctx, name)
	if err != nil { // it has left, or this bus looks after itself
		waits = Backlog{}
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	in.change(c, func(m *mail) { m.read = written.less(waits) })
	return !c.account.unread.exceeds(c.account.quota.unread)
}

// debtors are the connections of a user that leave something unread.
func (in *inbound) debtors(a *account) map[dbus.Sender]*caller {
	in.mu.Lock()
	defer in.mu.Unlock()
	list := make(map[dbus.Sender]*caller)
	for name, c := range in.callers {
		if c.account == a && c.mail.unread() != (Backlog{}) {
			list[name] = c
		}
	}
	return list
}

// write gives a few messages to the bus. If that takes long, because others do not read what we sent (signals, too,
// which have no limit), the connection is given up: the next berthd has another, for which the bus counts anew.
func (s *Server) write(batch []bus.Outgoing) error {
	written := make(chan struct{})
	defer close(written)
	look := time.AfterFunc(writePatience, func() {
		at, held := heldUp(written, func() (standing, error) {
			taken := s.conn.Taken()
			left, err := s.backlogs.Unheard(s.ctx, s.conn.Names()[0])
			return standing{taken, left}, err
		})
		if held {
			s.log.Error("the bus takes nothing more, since others do not read what berthd sent", "bytes", at.left.Bytes, "descriptors", at.left.Files)
			_ = s.conn.Close()
		}
	})
	defer look.Stop()
	return s.conn.Write(batch)
}

// standing is how many bytes the bus has taken of us, and what others have not read of that.
type standing struct {
	taken int64
	left  Backlog
}

// heldUp reports whether the bus takes nothing for writePatience, and others read nothing. It returns when that is so,
// or the write has ended, or the bus does not tell. A bus that only has too little of the processors is not held up: it
// takes a long answer in many small parts, between the calls of others.
func heldUp(written <-chan struct{}, look func() (standing, error)) (now standing, held bool) {
	tick := time.NewTicker(writePatience)
	defer tick.Stop()
	before := standing{taken: -1}
	for {
		now, err := look()
		if err != nil {
			return now, false
		}
		select {
		case <-written:
			return now, false
		default:
		}
		if now == before && now.left.exceeds(Backlog{refusals, 8}) {
			return now, true
		}
		before = now
		select {
		case <-written:
			return now, false
		case <-tick.C:
		}
	}
}

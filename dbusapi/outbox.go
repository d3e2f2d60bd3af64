package dbusapi

import (
	"os"
	"sync"

	"github.com/berthd/berth/internal/bus"
)

// outbox is the unbounded queue of the replies and signals that go onto the bus. Putting a message in never blocks, so
// the service never waits for the bus; one goroutine writes, a little at a time. What is put in before start waits for
// it, what is put in after stop is dropped, and so is everything once the connection is lost: clients then see the name
// vanish and read all anew from the next daemon.
//
// A signal stands between all that was put in before it and after it. Replies between two signals are written in turns
// of the users that they are for, and in order for each: dbus-daemon takes 2 KiB of us each time that it takes 2 KiB of
// each client, so the replies to a flood pile up here.
type outbox struct {
	mu       sync.Mutex // guards the fields below; never held while writing
	sections []*section
	stopped  bool

	wake chan struct{} // one token: the queue grew or stop was called
	done chan struct{} // closed when the writer has ended
}

// section is what may be written in turns.
type section struct {
	lanes []*lane // none is empty
	next  int
}

// lane is the messages for one user, or signals, in order.
type lane struct {
	to   *account
	list []outgoing
}

// outgoing is one encoded message (nil for none), the files that go with it, and what to do when it is
// written. The files are closed then.
type outgoing struct {
	msg   []byte
	files []*os.File
	sent  func()
	to    *account // nil for what keeps its place among all
}

// end closes the files and says that the message is written or dropped.
func (p outgoing) end() {
	bus.CloseFiles(p.files)
	if p.sent != nil {
		p.sent()
	}
}

func newOutbox() *outbox {
	return &outbox{wake: make(chan struct{}, 1), done: make(chan struct{})}
}

// push puts a message at the end; sent may be nil and is called also for a message that is dropped.
func (o *outbox) push(msg []byte, sent func()) { o.put(outgoing{msg: msg, sent: sent}) }

// put is push for a message with files, which become the outbox's.
func (o *outbox) put(p outgoing) {
	o.mu.Lock()
	drop := o.stopped
	if !drop {
		o.enqueue(p)
	}
	o.mu.Unlock()
	if drop {
		p.end()
		return
	}
	o.poke()
}

// enqueue finds the place of a message. The caller holds mu.
func (o *outbox) enqueue(p outgoing) {
	last := len(o.sections) - 1
	if last < 0 || (o.sections[last].lanes[0].to == nil) != (p.to == nil) {
		o.sections = append(o.sections, &section{})
		last++
	}
	s := o.sections[last]
	for _, l := range s.lanes {
		if l.to == p.to {
			l.list = append(l.list, p)
			return
		}
	}
	s.lanes = append(s.lanes, &lane{p.to, []outgoing{p}})
}

func (o *outbox) poke() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// start runs the writer. A write that fails needs no answer here: the connection is lost then,
// and godbus's reader notices.
func (o *outbox) start(write func([]bus.Outgoing) error) {
	go func() {
		defer close(o.done)
		for range o.wake {
			for last := false; !last; {
				var batch []outgoing
				batch, last = o.take()
				var out []bus.Outgoing
				for _, p := range batch {
					out = append(out, bus.Outgoing{Bytes: p.msg, Descriptors: numbers(p.files)})
				}
				_ = write(out)
				for _, p := range batch {
					p.end()
				}
			}
			if o.ended() {
				return
			}
		}
	}()
}

func numbers(files []*os.File) (list []int) {
	for _, f := range files {
		list = append(list, int(f.Fd()))
	}
	return list
}

// atOnce is about how many bytes are written at once, if it is more than one message.
const atOnce = 16 << 10

// take takes what is to be written next; last reports that nothing is left.
func (o *outbox) take() (batch []outgoing, last bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for size := 0; size < atOnce && len(o.sections) > 0; {
		p, empty := o.sections[0].take()
		batch = append(batch, p)
		size += len(p.msg)
		if empty {
			o.sections = o.sections[1:]
		}
	}
	return batch, len(o.sections) == 0
}

// take takes a message of the lane whose turn it is; empty reports that none is left.
func (s *section) take() (p outgoing, empty bool) {
	l := s.lanes[s.next]
	p, l.list = l.list[0], l.list[1:]
	if len(l.list) > 0 {
		s.next++
	} else {
		s.lanes = append(s.lanes[:s.next], s.lanes[s.next+1:]...)
	}
	if s.next >= len(s.lanes) {
		s.next = 0
	}
	return p, len(s.lanes) == 0
}

func (o *outbox) ended() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.stopped && len(o.sections) == 0
}

// stop lets the writer write what is queued and end.
func (o *outbox) stop() <-chan struct{} {
	o.mu.Lock()
	o.stopped = true
	o.mu.Unlock()
	o.poke()
	return o.done
}

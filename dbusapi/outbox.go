package dbusapi

import (
	"os"
	"sync"

	"github.com/berthd/berth/internal/bus"
)

// outbox is the ordered, unbounded queue of the replies and signals that go onto the bus. Putting a message in never
// blocks, so the service never waits for the bus; one goroutine writes, all that is queued in one go. What is put in
// before start waits for it, what is put in after stop is dropped, and so is everything once the connection is lost:
// clients then see the name vanish and read all anew from the next daemon.
type outbox struct {
	mu      sync.Mutex // guards the fields below; never held while writing
	queue   []outgoing
	stopped bool

	wake chan struct{} // one token: the queue grew or stop was called
	done chan struct{} // closed when the writer has ended
}

// outgoing is one encoded message (nil for none), the files that go with it, and what to do when it is
// written. The files are closed then.
type outgoing struct {
	msg   []byte
	files []*os.File
	sent  func()
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
		o.queue = append(o.queue, p)
	}
	o.mu.Unlock()
	if drop {
		p.end()
		return
	}
	o.poke()
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
			batch, last := o.take()
			var out []bus.Outgoing
			for _, p := range batch {
				out = append(out, bus.Outgoing{Bytes: p.msg, Descriptors: numbers(p.files)})
			}
			_ = write(out)
			for _, p := range batch {
				p.end()
			}
			if last {
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

func (o *outbox) take() (batch []outgoing, last bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	batch, o.queue = o.queue, nil
	return batch, o.stopped
}

// stop lets the writer write what is queued and end.
func (o *outbox) stop() <-chan struct{} {
	o.mu.Lock()
	o.stopped = true
	o.mu.Unlock()
	o.poke()
	return o.done
}

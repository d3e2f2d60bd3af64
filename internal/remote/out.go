package remote

import (
	"os"
	"slices"
	"sync"
	"time"

	"github.com/berthd/berth/internal/linux/stream"
)

const (
	maxQueued  = 1 << 20  // bytes of messages that wait for a client
	maxAnswers = 64 << 10 // of all that waits: with more, nothing is made that can wait itself, such as answers
	// writeLimit is how long a client may take nothing.
	writeLimit = 30 * time.Second
)

// outgoing is a packet with its descriptors, which are closed once they are sent.
type outgoing struct {
	bytes []byte
	files []*os.File
	held  int  // bytes that are counted until then
	told  bool // a message: nobody waits until it has room
}

// outbox is what waits for a client. Whoever puts something in sends it, and what others put in meanwhile.
type outbox struct {
	conn *stream.Conn
	run  func(func()) // in a goroutine of the connection
	drop func()       // the connection
	kept *purse

	mu     sync.Mutex
	queue  []outgoing
	queued int // bytes
	told   int // bytes of them in messages
	busy   bool
	closed bool
	less   sync.Cond // of mu: the queue is shorter, or closed
}

func newOutbox(conn *stream.Conn, run func(func()), drop func(), kept *purse) *outbox {
	o := &outbox{conn: conn, run: run, drop: drop, kept: kept}
	o.less.L = &o.mu
	return o
}

// send queues a packet and sends what is queued, unless somebody else does that. It waits while too much is queued, so
// that who does not read gets no more answers than fit: the reader stops with them. It returns false if the client is
// gone.
func (o *outbox) send(p outgoing) bool {
	o.mu.Lock()
	for o.queued > maxAnswers && !o.closed {
		o.less.Wait()
	}
	gone := o.closed
	o.mu.Unlock()
	if o.put(p) {
		o.flush()
	}
	return !gone
}

// tell queues a message and does not wait. A client with too many is dropped. Answers that wait do not count: they are
// its own.
func (o *outbox) tell(b []byte) {
	if o.kept.hold(cap(b)) != nil { // his user's share is used up
		o.close()
		return
	}
	if o.put(outgoing{bytes: b, told: true, held: cap(b)}) {
		o.run(o.flush)
	}
}

// put queues a packet, and reports whether the caller must flush.
func (o *outbox) put(p outgoing) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if p.told && o.told > maxQueued && !o.closed {
		o.shut()
	}
	if o.closed {
		o.end(p)
		return false
	}
	o.queue = append(o.queue, p)
	o.count(p, 1)
	if o.busy {
		return false
	}
	o.busy = true
	return true
}

// count counts a packet into the queue (1) or out of it (-1). The caller holds mu.
func (o *outbox) count(p outgoing, sign int) {
	o.queued += sign * cap(p.bytes)
	if p.told {
		o.told += sign * cap(p.bytes)
	}
}

// end gives back what a packet has that is sent or lost.
func (o *outbox) end(p outgoing) {
	o.kept.closeFiles(p.files)
	o.kept.release(p.held)
}

// flush sends until nothing is queued.
func (o *outbox) flush() {
	for {
		o.mu.Lock()
		if len(o.queue) == 0 || o.closed {
			o.busy, o.queue = false, nil
			o.mu.Unlock()
			return
		}
		p := o.queue[0]
		o.queue[0] = outgoing{} // what is sent must not live as long as the queue
		o.queue = o.queue[1:]
		o.mu.Unlock()
		err := o.write(p)
		o.mu.Lock()
		o.count(p, -1)
		if err != nil && !o.closed {
			o.shut()
		}
		o.less.Broadcast()
		o.mu.Unlock()
	}
}

// write sends a packet, and then its descriptors, each with a byte of its own.
func (o *outbox) write(p outgoing) error {
	defer o.end(p)
	for chunk := range slices.Chunk(p.bytes, maxChunk) { // who takes a long answer slowly takes something all the same
		if err := o.conn.Write(chunk, nil, writeLimit); err != nil {
			return err
		}
	}
	for _, f := range p.files {
		if err := o.conn.Write([]byte{0}, f, writeLimit); err != nil {
			return err
		}
	}
	return nil
}

// close ends the box. What is queued is lost.
func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.closed {
		o.shut()
	}
}

// shut is close for who holds mu.
func (o *outbox) shut() {
	o.closed = true
	for _, p := range o.queue {
		o.end(p)
	}
	o.queue = nil
	o.less.Broadcast()
	o.drop()
}

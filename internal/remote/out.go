package remote

import (
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

const (
	// maxQueued bounds the memory of messages that wait for a client, in bytes. Answers and console output wait above a half.
	maxQueued = 1 << 20
	// writeLimit is how long a client may take nothing.
	writeLimit = 30 * time.Second
)

// outgoing is a packet with its descriptors, which are closed once they are sent.
type outgoing struct {
	bytes []byte
	files []*os.File
}

// outbox is what waits for a client. Whoever puts something in sends it, and what others put in meanwhile.
type outbox struct {
	conn *net.UnixConn
	drop func() // the connection

	mu     sync.Mutex
	queue  []outgoing
	queued int // bytes
	busy   bool
	closed bool
	less   sync.Cond // of mu: the queue is shorter, or closed
}

func newOutbox(conn *net.UnixConn, drop func()) *outbox {
	o := &outbox{conn: conn, drop: drop}
	o.less.L = &o.mu
	return o
}

// send queues a packet and sends what is queued, unless somebody else does that. It waits while too much is queued, so that
// who does not read gets no more answers than fit: the reader stops with them. It returns false if the client is gone.
func (o *outbox) send(p outgoing) bool {
	o.mu.Lock()
	for o.queued > maxQueued/2 && !o.closed {
		o.less.Wait()
	}
	gone := o.closed
	o.mu.Unlock()
	if o.put(p, false) {
		o.flush()
	}
	return !gone
}

// tell queues a message and does not wait. A client with too many is dropped.
func (o *outbox) tell(b []byte) {
	if o.put(outgoing{bytes: b}, true) {
		go o.flush()
	}
}

// put queues a packet, and reports whether the caller must flush.
func (o *outbox) put(p outgoing, bounded bool) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if bounded && o.queued > maxQueued && !o.closed {
		o.shut()
	}
	if o.closed {
		closeFiles(p.files)
		return false
	}
	o.queue = append(o.queue, p)
	o.queued += cap(p.bytes)
	if o.busy {
		return false
	}
	o.busy = true
	return true
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
		o.queue = o.queue[1:]
		o.mu.Unlock()
		err := o.write(p)
		o.mu.Lock()
		o.queued -= cap(p.bytes)
		if err != nil && !o.closed {
			o.shut()
		}
		o.less.Broadcast()
		o.mu.Unlock()
	}
}

// write sends a packet, and then its descriptors, each with a byte of its own.
func (o *outbox) write(p outgoing) error {
	defer closeFiles(p.files)
	if err := o.conn.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
		return err
	}
	if _, err := o.conn.Write(p.bytes); err != nil {
		return err
	}
	for _, f := range p.files {
		if _, _, err := o.conn.WriteMsgUnix([]byte{0}, syscall.UnixRights(int(f.Fd())), nil); err != nil {
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
		closeFiles(p.files)
	}
	o.queue = nil
	o.less.Broadcast()
	o.drop()
}

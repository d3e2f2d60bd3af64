package remote

import (
	"slices"

	"github.com/berthd/berth/service"
)

// How many calls of a connection there are at once. libvirt reads nothing more at its bound of 5 (max_client_requests),
// so that it neither answers a ping nor sees that the client is gone: its clients then hang up ("This may result in
// keep-alive timeouts"). Here the calls wait, and the reader goes on.
const (
	maxCalls   = 8       // at work
	maxWaiting = 256     // for that
	callCost   = 1 << 10 // bytes that one takes beside its arguments
)

// queue has a call answered when its turn comes. body is valid until it returns. It returns an error if too many wait.
func (c *conn) queue(k *call, body []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.ctx.Err() != nil:
		return service.ErrShuttingDown
	case c.working >= maxCalls && len(c.waiting) >= maxWaiting:
		return wrong(codeResourceBusy, domainRPC, "%d calls of the connection wait already", maxWaiting)
	}
	k.body = slices.Clone(body)
	c.server.calls.Add(1)
	if c.working >= maxCalls {
		c.waiting = append(c.waiting, k)
		return nil
	}
	c.working++
	k.begin(k.body) // with mu held: calls on a container are carried out in the order of arrival
	c.begin(func() { c.workOff(k) })
	return nil
}

// workOff answers a call, and then those that wait.
func (c *conn) workOff(k *call) {
	for ; k != nil; k = c.nextCall() {
		k.answer()
	}
}

// answer serves a call from the queue.
func (c *call) answer() {
	defer c.over()
	c.serve()
}

// nextCall returns the call whose turn it is, nil if none waits.
func (c *conn) nextCall() *call {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.waiting) == 0 {
		c.working, c.waiting = c.working-1, nil
		return nil
	}
	k := c.waiting[0]
	c.waiting[0] = nil
	c.waiting = c.waiting[1:]
	k.begin(k.body)
	return k
}

// dropCalls forgets the calls that wait: their client is gone.
func (c *conn) dropCalls() {
	c.mu.Lock()
	list := c.waiting
	c.waiting = nil
	c.mu.Unlock()
	for _, k := range list {
		k.over()
	}
}

// over gives back what a call from the queue has.
func (c *call) over() {
	c.conn.purse.closeFiles(c.files)
	c.conn.purse.release(len(c.body) + callCost)
	c.body = nil
	c.conn.server.calls.Add(-1)
}

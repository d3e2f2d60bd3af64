package supervisor

import (
	"slices"
	"sync"
	"syscall"
	"time"

	ring "github.com/berthd/berth/internal/console"
)

const (
	// maxClients is how many clients the consoles of one container have at most. Each costs this process two
	// goroutines, two buffers and a descriptor.
	maxClients = 64
	// maxUserClients is how many of them are of one user other than root, so that no user takes them all.
	maxUserClients = 16

	// patience is how long a container waits for a client until that has read as much as the ring has. So a client that
	// reads that fast or faster loses nothing, and one that does not read holds its container up once, for so long.
	patience = time.Second

	// farewell is how long the clients have to read the rest when the container has ended.
	farewell = 200 * time.Millisecond
)

// clients is the output of one console, and the clients that see it. The output is in the ring alone: a client
// is a position in it, so that one that does not read costs nothing and loses what is overwritten.
type clients struct {
	taken    chan struct{} // a token: a client has read, or has left
	patience time.Duration // the constant

	typing sync.Mutex // held while input is written to the terminal; before mu

	mu    sync.Mutex // guards all below, and the positions of the clients
	ring  *ring.Ring
	list  []*client // the oldest first
	input *client   // the one whose input the container gets
	ended bool      // no more output comes

	journal *journal // nil if the output does not go there

	served sync.WaitGroup
}

// write appends to the console's output. If the disk is full the output is lost: it must never block the container.
func (c *clients) write(p []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.list) > 0 {
		c.await(len(p))
	}
	_, _ = c.ring.Write(p)
	c.journal.write(p)
	for _, v := range c.list {
		v.wake()
	}
}

// await waits until the clients have read what the next n bytes will overwrite. Clients for which it lost patience
// are not waited for again until they have read everything.
func (c *clients) await(n int) {
	for c.behind(n) {
		left := c.patience
		for _, v := range c.list {
			if v.late(n) {
				left = min(left, c.patience-v.waited)
			}
		}
		begun := time.Now()
		timer := time.NewTimer(left)
		c.mu.Unlock()
		select {
		case <-c.taken:
		case <-timer.C:
		}
		c.mu.Lock()
		timer.Stop()
		c.charge(n, time.Since(begun))
	}
}

// charge counts the time for which the container waited for clients.
func (c *clients) charge(n int, waited time.Duration) {
	for _, v := range c.list {
		if !v.late(n) {
			continue
		}
		v.waited += waited
		v.slow = v.waited >= c.patience
	}
}

// behind reports whether the next n bytes overwrite some that a client has not read.
func (c *clients) behind(n int) bool {
	for _, v := range c.list {
		if v.late(n) {
			return true
		}
	}
	return false
}

// add lets a client see the output, and gives it the input if that is free or taken by force.
func (c *clients) add(v *client, force, safe bool) syscall.Errno {
	c.mu.Lock()
	defer c.mu.Unlock()
	if safe && !force && c.input != nil && !v.readOnly {
		return syscall.EBUSY
	}
	if v.at > c.ring.Total() { // of another run
		v.at = 0
	}
	c.list = append(c.list, v)
	if !v.readOnly && (force || c.input == nil) {
		c.give(v)
	}
	c.served.Add(1)
	return 0
}

// give gives the input to a client.
func (c *clients) give(v *client) {
	before := c.input
	c.input = v
	if before != nil {
		before.dropInput()
		before.wake()
	}
	v.wake()
	v.console.resize(v.rows, v.columns)
}

// remove takes a client out. Its input goes to the client that waits the longest for it. It returns false if the
// client is out already.
func (c *clients) remove(v *client) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.list {
		if c.list[i] != v {
			continue
		}
		c.list = append(c.list[:i:i], c.list[i+1:]...)
		if c.input == v {
			c.input = nil
			v.dropInput()
			c.pass()
		}
		c.noteTaken()
		c.served.Done()
		return true
	}
	return false
}

func (c *clients) pass() {
	for _, next := range c.list {
		if !next.readOnly && !next.mute {
			c.give(next)
			return
		}
	}
}

// quiet takes the input from a client that will send no more.
func (c *clients) quiet(v *client) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v.mute = true
	if c.input == v {
		c.input = nil
		c.pass()
	}
}

// has reports whether a client is still in. The caller holds mu.
func (c *clients) has(v *client) bool {
	return slices.Contains(c.list, v)
}

func (c *clients) noteTaken() {
	select {
	case c.taken <- struct{}{}:
	default:
	}
}

// count returns how many clients there are, and how many of them are of a user.
func (c *clients) count(user uint32) (all, own int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, v := range c.list {
		if v.user == user {
			own++
		}
	}
	return len(c.list), own
}

// dismiss ends the consoles of a container that has ended. Clients that read get the rest of the output, and are
// told that it is the end. None is waited for longer than limit.
func dismiss(consoles []*console, limit time.Duration) {
	until := time.Now().Add(limit)
	for _, c := range consoles {
		c.mu.Lock()
		c.ended = true
		for _, v := range c.list {
			_ = v.socket.SetWriteDeadline(until)
			v.wake()
		}
		c.mu.Unlock()
	}
	for _, c := range consoles {
		c.served.Wait()
	}
}

package remote

import (
	"runtime/debug"
	"time"
)

// guarded runs f. A panic in it is a mistake of ours: it is logged, and ends the connection that f works for, if any,
// but not the daemon. Every goroutine of the server begins here, and so does what others have it do.
func (s *Server) guarded(c *conn, f func()) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		s.log.Error("a client of libvirt's library", "panic", v, "stack", string(debug.Stack()))
		if c != nil {
			c.hangUp()
		}
	}()
	f()
}

// begin runs f in a goroutine that Close waits for. c is the connection that it works for, nil if there is none.
func (s *Server) begin(c *conn, f func()) {
	s.work.Go(func() { s.guarded(c, f) })
}

// begin runs f in a goroutine of the connection, which keeps its place until f has ended.
func (c *conn) begin(f func()) {
	c.work.Add(1)
	c.server.begin(c, func() {
		defer c.work.Done()
		f()
	})
}

// later runs f after a time, unless the timer is stopped.
func (c *conn) later(d time.Duration, f func()) *time.Timer {
	return time.AfterFunc(d, func() { c.server.guarded(c, f) })
}

// idle returns a channel that is closed when all goroutines have ended.
func (s *Server) idle() <-chan struct{} {
	over := make(chan struct{})
	go func() {
		s.work.Wait()
		close(over)
	}()
	return over
}

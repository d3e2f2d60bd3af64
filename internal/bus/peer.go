package bus

import (
	"context"

	"github.com/godbus/dbus/v5"
)

// maxCalls is how many calls of a Peer may be without an answer. dbus-daemon refuses a connection's call if 128 are
// (dbus-daemon(1), max_replies_per_connection). Two peers of one connection stay below that.
const maxCalls = 56

// Peer calls the methods of one service. A call waits its turn while too many are without an answer.
type Peer struct {
	conn  *dbus.Conn
	name  string
	calls chan struct{} // holds one token for each call without an answer
}

// NewPeer returns the Peer for a bus name.
func NewPeer(conn *dbus.Conn, name string) *Peer { return NewPeerOf(conn, name, maxCalls) }

// NewPeerOf returns a Peer of which only so many calls may be without an answer.
func NewPeerOf(conn *dbus.Conn, name string, calls int) *Peer {
	return &Peer{conn: conn, name: name, calls: make(chan struct{}, calls)}
}

// Call calls a method, with its interface, and waits for the answer.
func (p *Peer) Call(ctx context.Context, path dbus.ObjectPath, method string, args ...any) *dbus.Call {
	call := p.Go(ctx, path, method, args...)
	select {
	case answered := <-call.Done:
		return answered
	case <-ctx.Done():
		return &dbus.Call{Err: context.Cause(ctx)}
	}
}

// Go calls a method, with its interface, and returns when the call is on its way. The channel Done of what it returns
// gets the answer. The end of ctx ends the wait for the call's turn, but not a call that is on its way: the bus
// counts that until its answer, too.
func (p *Peer) Go(ctx context.Context, path dbus.ObjectPath, method string, args ...any) *dbus.Call {
	done := make(chan *dbus.Call, 1)
	select {
	case p.calls <- struct{}{}:
	case <-ctx.Done():
		call := &dbus.Call{Err: context.Cause(ctx), Done: done}
		done <- call
		return call
	}
	sent := p.conn.Object(p.name, path).Go(method, 0, make(chan *dbus.Call, 1), args...)
	go func() {
		answered := <-sent.Done
		<-p.calls
		done <- answered
	}()
	return &dbus.Call{Done: done}
}

//go:build bus

package bus_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/internal/bus"
	private "github.com/berthd/berth/test/bus"
)

// slow is a service that answers when it may.
type slow struct{ begun, may chan struct{} }

// Work is its only method.
func (s slow) Work() *dbus.Error {
	s.begun <- struct{}{}
	<-s.may
	return nil
}

// TestPeer: of 500 calls at once the bus refuses none, and a call that waits its turn heeds its context.
func TestPeer(t *testing.T) {
	t.Parallel()
	const calls, path = 500, dbus.ObjectPath("/slow")
	b := private.StartWith(t, private.SystemReplies)
	service := slow{begun: make(chan struct{}, calls), may: make(chan struct{})}
	server := b.Connect(t)
	if err := server.Export(service, path, "a.Slow"); err != nil {
		t.Fatal(err)
	}
	c, err := bus.Connect(t.Context(), bus.Options{Address: b.Address, Replies: []map[string]string{{"a.Slow.Work": ""}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	peer := bus.NewPeer(c.Conn, server.Names()[0])
	var all sync.WaitGroup
	for range calls {
		all.Go(func() {
			if err := peer.Call(t.Context(), path, "a.Slow.Work").Err; err != nil {
				t.Error(err)
			}
		})
	}
	for range 50 { // so many at least are on their way at once
		<-service.begun
	}
	late, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("too late")
	cancel(reason)
	if err := peer.Call(late, path, "a.Slow.Work").Err; !errors.Is(err, reason) {
		t.Errorf("a call without a turn: %v", err)
	}
	close(service.may)
	all.Wait()
}

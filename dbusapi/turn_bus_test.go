//go:build bus

package dbusapi

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
)

// TestTurns: few calls of a user are authorised at once, whatever the user asks for. A call of another user does not
// wait for theirs.
func TestTurns(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	flood, other := r.user(t, 7), r.user(t, 8)
	me := dbus.Sender(flood.Names()[0])
	var asking, most atomic.Int32
	allow := make(chan struct{})
	r.auth.set(func(ctx context.Context, q question) error {
		if q.Sender != me {
			return nil
		}
		n := asking.Add(1)
		defer asking.Add(-1)
		for {
			if old := most.Load(); old >= n || most.CompareAndSwap(old, n) {
				break
			}
		}
		select {
		case <-allow:
		case <-ctx.Done():
		}
		return nil
	})
	var calls []*dbus.Call
	for range 100 {
		calls = append(calls, readsConsole(flood))
	}
	turns := int32(quotaOf(false).turns)
	waitFor(t, "a turn to be taken", func() bool { return asking.Load() > 0 })
	if call := pings(other); call.Err != nil {
		t.Errorf("another user: %v", call.Err)
	}
	if n := most.Load(); n > turns {
		t.Errorf("%d calls were asked for at once, more than %d", n, turns)
	}
	close(allow)
	for _, call := range calls {
		if <-call.Done; call.Err != nil {
			t.Error(call.Err)
		}
	}
}

// TestTurnIsNoPlace: a call that waits for its user's turn does not keep its place in a container's queue, so that a
// flood of one user keeps nobody from stopping a container.
func TestTurnIsNoPlace(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	flood, other := r.user(t, 7), r.user(t, 8)
	me := dbus.Sender(flood.Names()[0])
	allow := make(chan struct{})
	release := sync.OnceFunc(func() { close(allow) })
	t.Cleanup(release)
	r.auth.set(func(_ context.Context, q question) error {
		if q.Sender == me {
			<-allow
		}
		return nil
	})
	for range 50 {
		flood.Object(contract.BusName, rootPath).Go(contract.ManagerInterface+".ListContainers", 0, nil, noOptions())
	}
	late := flood.Object(contract.BusName, ContainerPath(uuidB)).Go(contract.ContainerInterface+".Suspend", 0, nil, noOptions())
	r.counted(t, 51)
	if err := other.Object(contract.BusName, ContainerPath(uuidB)).Call(contract.ContainerInterface+".Destroy", 0, noOptions()).Err; err != nil {
		t.Error(err)
	}
	release()
	if <-late.Done; late.Err != nil {
		t.Error(late.Err)
	}
}

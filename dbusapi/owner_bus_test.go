//go:build bus

package dbusapi

import (
	"context"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

// goesOff waits until a container is off or gone.
func (r *rig) goesOff(t *testing.T, u domain.UUID) {
	t.Helper()
	for until := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		snap, err := r.core.ByUUID(u)
		if err != nil || snap.State == service.StateShutoff {
			return
		}
		if time.Now().After(until) {
			t.Fatalf("%s is %s", snap.Name, snap.State)
		}
	}
}

func autodestroy() map[string]dbus.Variant {
	return map[string]dbus.Variant{"autodestroy": dbus.MakeVariant(true)}
}

// TestAutoDestroy: a container that was started for a caller is destroyed when that caller leaves the bus, during the
// start too. Others are not.
func TestAutoDestroy(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	owner := r.bus.Connect(t)
	call := func(c *dbus.Conn, path dbus.ObjectPath, member string, args ...any) {
		t.Helper()
		if err := c.Object(contract.BusName, path).Call(member, 0, args...).Err; err != nil {
			t.Fatal(err)
		}
	}
	call(owner, ContainerPath(uuidA), contract.ContainerInterface+".Start", autodestroy())
	call(owner, rootPath, contract.ManagerInterface+".CreateXML", "new", autodestroy())
	call(owner, ContainerPath(uuidB), contract.ContainerInterface+".Start", noOptions())
	_ = r.bus.Connect(t).Close() // somebody else leaves
	call(r.client, rootPath, peerName+".Ping")
	for _, u := range []domain.UUID{uuidA, uuidC} {
		if snap, err := r.core.ByUUID(u); err != nil || snap.State != service.StateRunning {
			t.Errorf("%+v, %v", snap, err)
		}
	}
	_ = owner.Close()
	r.goesOff(t, uuidA)
	r.goesOff(t, uuidC)
	if snap, _ := r.core.ByUUID(uuidB); snap.State != service.StateRunning {
		t.Errorf("%+v", snap)
	}

	brief := r.bus.Connect(t)
	starts, leave := make(chan struct{}), make(chan struct{})
	r.core.set(func(_ context.Context, op string, _ domain.UUID) error {
		if op == "start" {
			close(starts)
			<-leave
		}
		return nil
	})
	brief.Object(contract.BusName, ContainerPath(uuidA)).Go(contract.ContainerInterface+".Start", dbus.FlagNoReplyExpected, nil, autodestroy())
	<-starts
	_ = brief.Close()
	call(r.client, rootPath, peerName+".Ping") // the server has heard of it by now
	close(leave)
	for until := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if snap, _ := r.core.ByUUID(uuidA); snap.State == service.StateShutoff && r.noneQueued() {
			break
		}
		if time.Now().After(until) {
			t.Fatal("a container whose owner left during the start goes on")
		}
	}
}

// TestAutoDestroyGoesOn: the end of a daemon destroys nothing. The next one goes on: it destroys what belongs to a
// caller that has left, or to another bus.
func TestAutoDestroyGoesOn(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	owner, other := r.bus.Connect(t), r.bus.Connect(t)
	for u, c := range map[domain.UUID]*dbus.Conn{uuidA: owner, uuidB: other} {
		if err := c.Object(contract.BusName, ContainerPath(u)).Call(contract.ContainerInterface+".Start", 0, autodestroy()).Err; err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := r.server.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := r.core.CreateWith(ctx, []byte("of another bus"), service.StartOptions{Owner: "0123 " + owner.Names()[0]}); err != nil {
		t.Fatal(err)
	}
	_ = other.Close()
	r.core.signals = NewSignals(r.server.log)
	cfg := r.config()
	next, err := New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = next.Close(ctx) }()
	r.goesOff(t, uuidB)
	r.goesOff(t, uuidC)
	if snap, err := r.core.ByUUID(uuidA); err != nil || snap.State != service.StateRunning {
		t.Errorf("%+v, %v", snap, err)
	}
	_ = owner.Close()
	r.goesOff(t, uuidA)
}

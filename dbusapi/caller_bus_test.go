//go:build bus

package dbusapi

import (
	"context"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

// TestCallerIsTheBuss: the service hears the caller's user as the bus knows it, with each call that changes something,
// also if the caller has left meanwhile. One whom the bus does not know is refused. No argument or option of a call
// says who calls.
func TestCallerIsTheBuss(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	heard := make(chan service.Caller, 10)
	begun, goOn := make(chan struct{}), make(chan struct{})
	r.core.set(func(ctx context.Context, op string, _ domain.UUID) error {
		heard <- service.CallerOf(ctx)
		if op == "start" {
			close(begun)
			<-goOn
		}
		return nil
	})
	other := r.bus.Connect(t)
	want := service.Caller{Known: true, UID: 1000, BusName: other.Names()[0]}
	first := other.Object(contract.BusName, ContainerPath(uuidA)).Go(contract.ContainerInterface+".Start", 0, nil, noOptions())
	<-begun
	other.Object(contract.BusName, ContainerPath(uuidA)).Go(contract.ContainerInterface+".Destroy", 0, nil, noOptions())
	waitFor(t, "both calls to be authorized", func() bool { return len(r.auth.questions()) == 2 })
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	close(goOn)
	<-first.Done
	for i := range 2 {
		if got := <-heard; got != want {
			t.Errorf("call %d is by %+v", i, got)
		}
	}
	r.auth.forgets()
	fails(t, r.call(ContainerPath(uuidB), contract.ContainerInterface+".Suspend", noOptions()), contract.ErrorUnknownObject)
	r.auth.knows()
	lie := map[string]dbus.Variant{"uid": dbus.MakeVariant(uint32(7))}
	fails(t, r.call(ContainerPath(uuidB), contract.ContainerInterface+".Resume", lie), contract.ErrorInvalidArgs)
}

//go:build bus

package dbusapi

import (
	"context"
	"errors"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
)

// TestUnshift: Unshift and UnshiftPath take their options and tell what was found, and AbortJob does not wait for them.
func TestUnshift(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	options := map[string]dbus.Variant{"from": dbus.MakeVariant(uint32(100000)), "dry-run": dbus.MakeVariant(true)}
	for _, reply := range []*dbus.Call{
		r.call(ContainerPath(uuidB), contract.ContainerInterface+".Unshift", options),
		r.call(rootPath, contract.ManagerInterface+".UnshiftPath", "/srv/web", options),
	} {
		var got map[string]dbus.Variant
		if err := reply.Store(&got); err != nil {
			t.Fatal(err)
		}
		for key, want := range map[string]any{
			"path": "/srv/web", "files": uint64(3), "changed": uint64(2), "left": uint64(0), "example": "", "from": uint32(100000),
			"dropped": uint64(1), "dropped-example": "/srv/x",
		} {
			if got[key].Value() != want {
				t.Errorf("%s is %v", key, got[key])
			}
		}
	}
	begun, aborted := make(chan struct{}), make(chan struct{})
	r.core.set(func(_ context.Context, op string, _ domain.UUID) error {
		switch op {
		case unshiftOp:
			close(begun)
			<-aborted
			return errors.New("aborted")
		case "abort the job":
			close(aborted)
		}
		return nil
	})
	unshift := r.client.Object(contract.BusName, ContainerPath(uuidB)).Go(contract.ContainerInterface+".Unshift", 0, make(chan *dbus.Call, 1), noOptions())
	<-begun
	if err := r.call(ContainerPath(uuidB), contract.ContainerInterface+".AbortJob", noOptions()).Err; err != nil {
		t.Error(err)
	}
	if <-unshift.Done; unshift.Err == nil {
		t.Error("the unshift succeeded")
	}
}

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

// TestAbortJob: AbortJob does not wait for the start that it is for.
func TestAbortJob(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	begun, aborted := make(chan struct{}), make(chan struct{})
	r.core.set(func(_ context.Context, op string, _ domain.UUID) error {
		switch op {
		case "start":
			close(begun)
			<-aborted
			return errors.New("aborted")
		case "abort the job":
			close(aborted)
		}
		return nil
	})
	start := r.client.Object(contract.BusName, ContainerPath(uuidB)).Go(contract.ContainerInterface+".Start", 0, make(chan *dbus.Call, 1), noOptions())
	<-begun
	if err := r.call(ContainerPath(uuidB), contract.ContainerInterface+".AbortJob", noOptions()).Err; err != nil {
		t.Error(err)
	}
	if <-start.Done; start.Err == nil {
		t.Error("the start succeeded")
	}
}

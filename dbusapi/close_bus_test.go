//go:build bus

package dbusapi

import (
	"context"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
)

// TestNoSignalWithoutTheName: what changes once the name is given up is told to nobody, since the policy of the bus
// protects the signals of the name only. What changed before is told before.
func TestNoSignalWithoutTheName(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if err := r.client.AddMatchSignal(); err != nil { // any sender's
		t.Fatal(err)
	}
	heard := make(chan *dbus.Signal, 100)
	r.client.Signal(heard)
	began, release := make(chan struct{}), make(chan struct{})
	r.core.set(func(_ context.Context, op string, _ domain.UUID) error {
		if op == "destroy" {
			close(began)
			<-release
		}
		return nil
	})
	if err := r.call(ContainerPath(uuidA), contract.ContainerInterface+".Start", noOptions()).Err; err != nil {
		t.Fatal(err)
	}
	late := r.client.Object(contract.BusName, ContainerPath(uuidA)).Go(contract.ContainerInterface+".Destroy", 0, nil, noOptions())
	<-began
	closed := make(chan error, 1)
	go func() { closed <- r.server.Close(context.Background()) }()
	var before, after []string
	gone := false
	for s := range heard {
		switch {
		case s.Name == "org.freedesktop.DBus.NameOwnerChanged" && s.Body[0] == contract.BusName && s.Body[2] == "":
			gone = true
			close(release)
			if <-late.Done; late.Err != nil {
				t.Error(late.Err)
			}
			r.client.Close() // and heard with it, behind everything that came before the reply
		case s.Sender == "org.freedesktop.DBus":
		case gone:
			after = append(after, s.Name)
		default:
			before = append(before, s.Name)
		}
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if !strings.Contains(strings.Join(before, " "), "Lifecycle") || len(after) > 0 {
		t.Errorf("with the name %q, without it %q", before, after)
	}
}

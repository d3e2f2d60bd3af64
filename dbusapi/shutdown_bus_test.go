//go:build bus

package dbusapi

import (
	"context"
	"runtime"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

// TestEnds: Shutdown and Reboot hand their modes on, Reset resets, and AwaitEnd tells the state.
func TestEnds(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := ContainerPath(uuidB)
	heard := make(chan string, 5)
	r.core.set(func(_ context.Context, op string, _ domain.UUID) error { heard <- op; return nil })
	for _, call := range []*dbus.Call{
		r.call(path, contract.ContainerInterface+".Shutdown", []string{}, noOptions()),
		r.call(path, contract.ContainerInterface+".Shutdown", []string{"signal", "initctl"}, noOptions()),
		r.call(path, contract.ContainerInterface+".Reboot", []string{"signal", "auto"}, noOptions()),
		r.call(path, contract.ContainerInterface+".Reboot", []string{"initctl"}, noOptions()),
		r.call(path, contract.ContainerInterface+".Reset", noOptions()),
	} {
		if call.Err != nil {
			t.Error(call.Err)
		}
	}
	r.core.set(nil)
	close(heard)
	var ops []string
	for op := range heard {
		ops = append(ops, op)
	}
	want := []string{
		"shutdown {Initctl:false Signal:false}", "shutdown {Initctl:true Signal:true}", "reboot {Initctl:false Signal:false}",
		"reboot {Initctl:true Signal:false}", "reset",
	}
	if diff := cmp.Diff(want, ops); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	text := fails(t, r.call(path, contract.ContainerInterface+".Shutdown", []string{"acpi"}, noOptions()), contract.ErrorInvalidArgs)
	if !strings.Contains(text, "auto, initctl and signal") {
		t.Errorf("message %q", text)
	}
	var state, reason string
	if err := r.call(path, contract.ContainerInterface+".AwaitEnd", uint32(41), noOptions()).Store(&state, &reason); err != nil || state != "running" {
		t.Errorf("%s, %s, %v", state, reason, err)
	}
}

// TestRedefine: Redefine hands on the definition and the previous one, Rename the name, and SetAutostart whether it
// starts with the host, or with its next boot only. The object stays.
func TestRedefine(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := ContainerPath(uuidA)
	heard := make(chan string, 5)
	r.core.set(func(_ context.Context, op string, _ domain.UUID) error { heard <- op; return nil })
	previous := map[string]dbus.Variant{"previous": dbus.MakeVariant("<old/>")}
	if err := r.call(path, contract.ContainerInterface+".Redefine", "<new/>", previous).Err; err != nil {
		t.Error(err)
	}
	if op := <-heard; op != "redefine <old/>" {
		t.Errorf("got %q", op)
	}
	if err := r.call(path, contract.ContainerInterface+".Rename", "other", noOptions()).Err; err != nil {
		t.Error(err)
	}
	if err := r.call(path, contract.ContainerInterface+".SetAutostart", true, noOptions()).Err; err != nil {
		t.Error(err)
	}
	if v, err := r.client.Object(contract.BusName, path).GetProperty(contract.ContainerInterface + ".AutostartOnce"); err != nil || v.Value() != false {
		t.Errorf("%v, %v", v, err)
	}
	once := map[string]dbus.Variant{"once": dbus.MakeVariant(true)}
	if err := r.call(path, contract.ContainerInterface+".SetAutostart", true, once).Err; err != nil {
		t.Error(err)
	}
	if v, err := r.client.Object(contract.BusName, path).GetProperty(contract.ContainerInterface + ".AutostartOnce"); err != nil || v.Value() != true {
		t.Errorf("%v, %v", v, err)
	}
	if err := r.call(path, contract.ContainerInterface+".SetAutostart", false, once).Err; err != nil {
		t.Error(err)
	}
	snap, err := r.core.ByUUID(uuidA)
	if err != nil || snap.Title != "<new/>" || snap.Name != "other" || !snap.Autostart || snap.OnceAtBoot {
		t.Errorf("%+v, %v", snap, err)
	}
}

// TestWaitsEnd: a daemon that gives its name up waits neither for the end of a run nor for the readiness of an init for
// those who do.
func TestWaitsEnd(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	silent := domain.UUID{0xd, 1}
	r.core.mu.Lock()
	r.core.snaps[silent] = service.Snapshot{UUID: silent, Name: neverReady, State: service.StateRunning}
	r.core.mu.Unlock()
	waits := []*dbus.Call{
		r.client.Object(contract.BusName, ContainerPath(uuidB)).Go(contract.ContainerInterface+".AwaitEnd", 0, nil, uint32(0), noOptions()),
		r.client.Object(contract.BusName, ContainerPath(silent)).Go(contract.ContainerInterface+".WaitReady", 0, nil, noOptions()),
	}
	for r.server.InFlight() < len(waits) {
		runtime.Gosched()
	}
	if err := r.server.Close(t.Context()); err != nil {
		t.Error(err)
	}
	for _, w := range waits {
		fails(t, <-w.Done, contract.ErrorShuttingDown)
	}
}

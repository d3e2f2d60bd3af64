//go:build bus

package peers

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"
	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/test/bus"
)

// fakeBerth notes the calls that reach it. It knows bench0 from the start.
type fakeBerth struct {
	mu    sync.Mutex
	calls []string
}

func (f *fakeBerth) note(call string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, call)
}

func (f *fakeBerth) GetContainerByName(name string) (dbus.ObjectPath, *dbus.Error) {
	if name == "bench0" {
		return "/org/berth1/container/_0", nil
	}
	return "", dbus.NewError(noSuchContainer, []any{"no such container"})
}

func (f *fakeBerth) DefineXML(xml string, _ map[string]dbus.Variant) (dbus.ObjectPath, *dbus.Error) {
	if !strings.Contains(xml, "<name>bench1</name>") {
		return "", dbus.NewError("org.berth1.Error.Failed", []any{"unexpected definition"})
	}
	f.note("define")
	return "/org/berth1/container/_1", nil
}

type fakeContainer struct {
	fake *fakeBerth
	name string
}

func (f fakeContainer) Start(map[string]dbus.Variant) *dbus.Error {
	f.fake.note("start " + f.name)
	return nil
}

func (f fakeContainer) Destroy(map[string]dbus.Variant) *dbus.Error {
	f.fake.note("destroy " + f.name)
	return dbus.NewError("org.berth1.Error.NotRunning", []any{"domain is not running"})
}

// TestBerthCalls: the peer finds or defines each container once, and hands on the daemon's errors.
func TestBerthCalls(t *testing.T) {
	b := bus.Start(t)
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", b.Address)
	conn := b.Connect(t)
	fake := &fakeBerth{}
	_, versioned := prop.Export(conn, berthRoot, prop.Map{berthManager: {"Version": {Value: "1.2"}}})
	_, owned := conn.RequestName(berthName, dbus.NameFlagDoNotQueue)
	if err := errors.Join(
		conn.Export(fake, berthRoot, berthManager), versioned, owned,
		conn.Export(fakeContainer{fake, "zero"}, "/org/berth1/container/_0", berthContainer),
		conn.Export(fakeContainer{fake, "one"}, "/org/berth1/container/_1", berthContainer),
	); err != nil {
		t.Fatal(err)
	}

	peer := &berth{roots: Roots{Dir: "/roots"}}
	about, err := peer.Prepare(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	if about.Version != "berth 1.2" {
		t.Errorf("version %q, want %q", about.Version, "berth 1.2")
	}
	if err := errors.Join(peer.Start(t.Context(), 0), peer.Start(t.Context(), 1)); err != nil {
		t.Error(err)
	}
	if err := peer.Stop(t.Context(), 1); err == nil || !strings.Contains(err.Error(), "not running") {
		t.Errorf("Stop: error %v, want the daemon's", err)
	}
	fake.mu.Lock()
	defer fake.mu.Unlock()
	want := []string{"define", "start zero", "start one", "destroy one"}
	if diff := cmp.Diff(want, fake.calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

//go:build bus

package dbusapi

import (
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/service"
)

// watch subscribes to everything that the server emits.
func (r *rig) watch(t *testing.T) <-chan *dbus.Signal {
	t.Helper()
	if err := r.client.AddMatchSignal(dbus.WithMatchSender(contract.BusName)); err != nil {
		t.Fatal(err)
	}
	ch := make(chan *dbus.Signal, 100)
	r.client.Signal(ch)
	return ch
}

// next takes n signals of the server; those that the bus itself sends don't count.
func next(t *testing.T, ch <-chan *dbus.Signal, n int) []*dbus.Signal {
	t.Helper()
	var got []*dbus.Signal
	for len(got) < n {
		select {
		case s := <-ch:
			if s.Sender != "org.freedesktop.DBus" {
				got = append(got, s)
			}
		case <-time.After(patience):
			t.Fatalf("%d signals came, want %d", len(got), n)
		}
	}
	return got
}

// TestSignalsBeforeReply: each signal of a call is sent once and before the reply, so that whoever
// has the reply has seen the change.
func TestSignalsBeforeReply(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ch := r.watch(t)
	path := ContainerPath(uuidA)
	tests := []struct {
		name   string
		call   func() *dbus.Call
		bodies [][]any
		names  []string
	}{
		{
			"start", func() *dbus.Call { return r.call(path, contract.ContainerInterface+".Start", noOptions()) },
			[][]any{
				{contract.ContainerInterface, map[string]any{"State": "running", "Leader": uint32(62)}, []string{}},
				{contract.ManagerInterface, map[string]any{"ContainersRunning": uint32(2)}, []string{}},
				{path, "started", "booted", uint64(1), map[string]any{"name": "a", "uuid": uuidA.String()}},
			},
			[]string{propertiesName + ".PropertiesChanged", propertiesName + ".PropertiesChanged", contract.ManagerInterface + ".Lifecycle"},
		},
		{
			"undefine", func() *dbus.Call { return r.call(path, contract.ContainerInterface+".Undefine", noOptions()) },
			[][]any{
				{contract.ManagerInterface, map[string]any{"ContainersRunning": uint32(1)}, []string{}},
				{path, "undefined", "removed", uint64(2), map[string]any{"name": "a", "uuid": uuidA.String()}},
				{path, []string{contract.ContainerInterface}},
			},
			[]string{propertiesName + ".PropertiesChanged", contract.ManagerInterface + ".Lifecycle", objectManagerName + ".InterfacesRemoved"},
		},
	}
	for _, tt := range tests {
		call := tt.call()
		if call.Err != nil {
			t.Fatalf("%s: %v", tt.name, call.Err)
		}
		signals := next(t, ch, len(tt.names))
		for i, s := range signals {
			for j, v := range s.Body {
				if m, ok := v.(map[string]dbus.Variant); ok {
					s.Body[j] = bare(m)
				}
			}
			if diff := cmp.Diff(tt.bodies[i], s.Body); diff != "" || s.Name != tt.names[i] {
				t.Errorf("%s: signal %d is %s, want %s (-want +got):\n%s", tt.name, i, s.Name, tt.names[i], diff)
			}
			if s.Sequence > call.ResponseSequence {
				t.Errorf("%s: signal %s came behind the reply", tt.name, s.Name)
			}
		}
	}
	if len(ch) != 0 {
		t.Errorf("%d signals too many", len(ch))
	}
}

// TestInterfacesAdded: a new container's InterfacesAdded has the properties that GetManagedObjects
// gives.
func TestInterfacesAdded(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ch := r.watch(t)
	if err := r.call(rootPath, contract.ManagerInterface+".DefineXML", "c", noOptions()).Err; err != nil {
		t.Fatal(err)
	}
	added := next(t, ch, 2)[0]
	var path dbus.ObjectPath
	var objects, managed map[string]map[string]dbus.Variant
	if err := dbus.Store(added.Body, &path, &objects); err != nil {
		t.Fatal(err)
	}
	if added.Name != objectManagerName+".InterfacesAdded" || added.Path != rootPath || path != ContainerPath(uuidC) {
		t.Fatalf("got %s of %s about %s", added.Name, added.Path, path)
	}
	var all map[dbus.ObjectPath]map[string]map[string]dbus.Variant
	if err := r.call(rootPath, objectManagerName+".GetManagedObjects").Store(&all); err != nil {
		t.Fatal(err)
	}
	managed = all[path]
	if diff := cmp.Diff(bare(managed[contract.ContainerInterface]), bare(objects[contract.ContainerInterface])); diff != "" {
		t.Errorf("signal and GetManagedObjects differ:\n%s", diff)
	}
}

// TestNetworkSignal: a change of a network is told with its name, what happened and the uuid.
func TestNetworkSignal(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ch := r.watch(t)
	r.core.signals.NetworkChanged("default", uuidA, service.NetworkStarted)
	got := next(t, ch, 1)[0]
	var name, event string
	var details map[string]dbus.Variant
	if err := dbus.Store(got.Body, &name, &event, &details); err != nil {
		t.Fatal(err)
	}
	want := []any{"default", "started", map[string]any{"uuid": uuidA.String()}}
	if diff := cmp.Diff(want, []any{name, event, bare(details)}); diff != "" || got.Path != rootPath || got.Name != contract.NetworksInterface+".NetworkChanged" {
		t.Errorf("got %+v\n%s", got, diff)
	}
}

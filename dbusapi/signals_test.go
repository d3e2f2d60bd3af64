package dbusapi

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/events"
	"github.com/berthd/berth/service"
)

// emission is one signal, as a test wants to see it.
type emission struct {
	Path      dbus.ObjectPath
	Signal    string
	Body      []any
	signature string
}

// emitted takes what is queued for the bus.
func emitted(s *Signals) []emission {
	batch, _ := s.out.take()
	var out []emission
	for _, p := range batch {
		msg, err := dbus.DecodeMessage(bytes.NewReader(p.msg))
		if err != nil {
			panic(err)
		}
		h := msg.Headers
		signature, _ := h[dbus.FieldSignature].Value().(dbus.Signature)
		out = append(out, emission{
			Path:      h[dbus.FieldPath].Value().(dbus.ObjectPath),
			Signal:    h[dbus.FieldInterface].Value().(string) + "." + h[dbus.FieldMember].Value().(string),
			Body:      msg.Body,
			signature: signature.String(),
		})
	}
	return out
}

// plain makes variants comparable.
func plain(list []emission) []emission {
	for i := range list {
		for j, v := range list[i].Body {
			switch v := v.(type) {
			case map[string]dbus.Variant:
				list[i].Body[j] = bare(v)
			case map[string]map[string]dbus.Variant:
				names := make(map[string]int)
				for name, props := range v {
					names[name] = len(props)
				}
				list[i].Body[j] = names
			}
		}
	}
	return list
}

func bare(in map[string]dbus.Variant) map[string]any {
	out := make(map[string]any)
	for k, v := range in {
		out[k] = v.Value()
	}
	return out
}

// fullLife is an observer that saw a container come, run and go, and a network come, and has a watcher.
func fullLife() *Signals {
	s := NewSignals(slog.New(slog.DiscardHandler))
	var active int
	s.seed(func() int { return active })
	off := &service.Snapshot{UUID: uuidA, Name: "a", State: service.StateShutoff}
	on := &service.Snapshot{UUID: uuidA, Name: "a", State: service.StateRunning}
	s.Changed(nil, off, &events.Event{Kind: events.Defined, Detail: events.Added, Seq: 1})
	active = 1
	s.Changed(off, on, &events.Event{Kind: events.Started, Detail: events.Booted, Seq: 2})
	active = 0
	killed := *on
	killed.OOMKills = 1
	s.Changed(on, &killed, &events.Event{Kind: events.OOMKill, Seq: 3, OOM: &events.OOM{Kills: 1}})
	s.DeviceChanged(uuidA, "disk0", true)
	s.DeviceChanged(uuidA, "disk0", false)
	s.MetadataChanged(uuidA, "title", "")
	s.Changed(on, nil, &events.Event{Kind: events.Stopped, Detail: events.Destroyed, Seq: 4})
	s.NetworkChanged("default", uuidA, service.NetworkStarted)
	for member, body := range map[string][]any{"Relayed": {rootPath, contract.ManagerInterface, "Lifecycle", []dbus.Variant{}}, "Lost": nil} {
		if msg, err := s.addressed(":1.1", member, body...); err == nil {
			s.out.push(msg, nil)
		}
	}
	return s
}

// TestChanged: a change of a container emits its signals in order, with what has changed and no
// more.
func TestChanged(t *testing.T) {
	t.Parallel()
	path := ContainerPath(uuidA)
	off := service.Snapshot{UUID: uuidA, Name: "a", State: service.StateShutoff, Consoles: []string{"console0"}}
	on := off
	on.State, on.Reason, on.Leader = service.StateRunning, service.ReasonBooted, 7
	on.Consoles = []string{"console0"}
	who := map[string]any{"name": "a", "uuid": uuidA.String()}
	killed := on
	killed.OOMKills = 3
	named := map[string]any{"name": "a", "uuid": uuidA.String(), "process": "dd", "pid": uint32(9)}
	oomKills := emission{Path: path, Signal: "org.freedesktop.DBus.Properties.PropertiesChanged", Body: []any{
		contract.ContainerInterface, map[string]any{"OOMKills": uint64(3)}, []string{},
	}}
	started := &events.Event{Kind: events.Started, Detail: events.Booted, Seq: 5}
	count := func(n uint32) emission {
		return emission{
			Path: rootPath, Signal: "org.freedesktop.DBus.Properties.PropertiesChanged",
			Body: []any{contract.ManagerInterface, map[string]any{"ContainersRunning": n}, []string{}},
		}
	}

	tests := []struct {
		name          string
		before, after *service.Snapshot
		event         *events.Event
		want          []emission
	}{
		{name: "nothing"},
		{name: "no difference", before: &off, after: &off},
		{
			name: "appears", after: &off,
			want: []emission{{
				Path: rootPath, Signal: "org.freedesktop.DBus.ObjectManager.InterfacesAdded",
				Body: []any{path, map[string]int{contract.ContainerInterface: len(containerProperties())}},
			}},
		},
		{
			name: "starts", before: &off, after: &on, event: started,
			want: []emission{
				{Path: path, Signal: "org.freedesktop.DBus.Properties.PropertiesChanged", Body: []any{
					contract.ContainerInterface,
					map[string]any{"State": "running", "StateReason": "booted", "Leader": uint32(7)},
					[]string{},
				}},
				count(1),
				{Path: rootPath, Signal: "org.berth1.Manager.Lifecycle", Body: []any{path, "started", "booted", uint64(5), who}},
			},
		},
		{
			name: "OOM kill", before: &on, after: &killed, event: &events.Event{Kind: events.OOMKill, Seq: 5, OOM: &events.OOM{Kills: 3}},
			want: []emission{
				oomKills,
				{Path: rootPath, Signal: "org.berth1.Manager.OOMKill", Body: []any{path, uint64(3), uint64(5), who}},
			},
		},
		{
			name: "OOM kill of a process that is named", before: &on, after: &killed,
			event: &events.Event{Kind: events.OOMKill, Seq: 5, OOM: &events.OOM{Kills: 3, Process: "dd", PID: 9}},
			want: []emission{
				oomKills,
				{Path: rootPath, Signal: "org.berth1.Manager.OOMKill", Body: []any{path, uint64(3), uint64(5), named}},
			},
		},
		{
			name: "event without a difference", before: &off, after: &off,
			event: &events.Event{Kind: events.Defined, Detail: events.Updated, Seq: 6},
			want: []emission{
				{Path: rootPath, Signal: "org.berth1.Manager.Lifecycle", Body: []any{path, "defined", "updated", uint64(6), who}},
			},
		},
		{
			name: "goes", before: &off, event: &events.Event{Kind: events.Undefined, Detail: events.Removed, Seq: 7},
			want: []emission{
				{Path: rootPath, Signal: "org.berth1.Manager.Lifecycle", Body: []any{path, "undefined", "removed", uint64(7), who}},
				{
					Path: rootPath, Signal: "org.freedesktop.DBus.ObjectManager.InterfacesRemoved",
					Body: []any{path, []string{contract.ContainerInterface}},
				},
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := NewSignals(slog.New(slog.DiscardHandler))
			var active int
			s.seed(func() int { return active })
			if tt.after == &on {
				active = 1
			}
			s.Changed(tt.before, tt.after, tt.event)
			if diff := cmp.Diff(tt.want, plain(emitted(s)), cmp.AllowUnexported(emission{}),
				cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "signature" }, cmp.Ignore())); diff != "" {
				t.Errorf("signals differ (-want +got):\n%s", diff)
			}
		})
	}
}

// TestContainersRunning: a change of the core's count is announced once, behind the change that made it,
// and nothing is announced before the server has the name.
func TestContainersRunning(t *testing.T) {
	t.Parallel()
	on := &service.Snapshot{UUID: uuidA, State: service.StateRunning}
	s := NewSignals(slog.New(slog.DiscardHandler))
	s.Changed(on, on, nil)
	active := 3
	s.seed(func() int { return active })
	for _, step := range []struct {
		active int
		want   []uint32
	}{{3, nil}, {4, []uint32{4}}, {4, nil}, {2, []uint32{2}}} {
		active = step.active
		before := len(emitted(s))
		s.Changed(on, on, nil)
		var told []uint32
		for _, e := range plain(emitted(s))[before:] {
			if props, ok := e.Body[1].(map[string]any); ok && e.Path == rootPath {
				told = append(told, props["ContainersRunning"].(uint32))
			}
		}
		if diff := cmp.Diff(step.want, told); diff != "" {
			t.Errorf("at %d (-want +told):\n%s", step.active, diff)
		}
	}
}

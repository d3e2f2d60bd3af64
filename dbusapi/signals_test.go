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
		out = append(out, emission{
			Path:      h[dbus.FieldPath].Value().(dbus.ObjectPath),
			Signal:    h[dbus.FieldInterface].Value().(string) + "." + h[dbus.FieldMember].Value().(string),
			Body:      msg.Body,
			signature: h[dbus.FieldSignature].Value().(dbus.Signature).String(),
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

// fullLife is an observer that saw a container come, run and go.
func fullLife() *Signals {
	s := NewSignals(slog.New(slog.DiscardHandler))
	s.seed(nil)
	off := &service.Snapshot{UUID: uuidA, Name: "a", State: service.StateShutoff}
	on := &service.Snapshot{UUID: uuidA, Name: "a", State: service.StateRunning}
	s.Changed(nil, off, &events.Event{Kind: events.Defined, Detail: events.Added, Seq: 1})
	s.Changed(off, on, &events.Event{Kind: events.Started, Detail: events.Booted, Seq: 2})
	s.Changed(on, nil, &events.Event{Kind: events.Stopped, Detail: events.Destroyed, Seq: 3})
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
			s.seed(nil)
			s.Changed(tt.before, tt.after, tt.event)
			if diff := cmp.Diff(tt.want, plain(emitted(s)), cmp.AllowUnexported(emission{}),
				cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "signature" }, cmp.Ignore())); diff != "" {
				t.Errorf("signals differ (-want +got):\n%s", diff)
			}
		})
	}
}

// TestContainersRunning: the count is right after each change, also of one that came while the list
// was read.
func TestContainersRunning(t *testing.T) {
	t.Parallel()
	on := func(u byte) *service.Snapshot {
		return &service.Snapshot{UUID: [16]byte{u}, State: service.StateRunning}
	}
	off := func(u byte) *service.Snapshot {
		return &service.Snapshot{UUID: [16]byte{u}, State: service.StateShutoff}
	}
	s := NewSignals(slog.New(slog.DiscardHandler))
	// 1 ends and 2 goes while the list is read in which both still run.
	list := []service.Snapshot{*on(1), *on(2), *on(3), *off(4)}
	s.Changed(on(1), off(1), nil)
	s.Changed(on(2), nil, nil)
	s.seed(list)
	steps := []struct {
		name          string
		before, after *service.Snapshot
		want          uint32
	}{
		{"seeded", off(9), off(9), 1},
		{"starting is not running", off(4), &service.Snapshot{UUID: [16]byte{4}, State: service.StateStarting}, 1},
		{"running", off(4), on(4), 2},
		{"paused runs", on(4), &service.Snapshot{UUID: [16]byte{4}, State: service.StatePaused}, 2},
		{"transient ends", on(3), nil, 1},
		{"gone is forgotten", nil, on(3), 2},
	}
	for _, step := range steps {
		s.Changed(step.before, step.after, nil)
		if got := s.running(); got != step.want {
			t.Fatalf("%s: %d containers running, want %d", step.name, got, step.want)
		}
	}
}

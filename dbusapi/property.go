package dbusapi

import (
	"slices"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

// emits is a property's EmitsChangedSignal annotation.
type emits string

const (
	emitsValue emits = "true"
	emitsConst emits = "const"
	emitsNever emits = "false"
)

// property is one row of an interface's property table. All are read-only: writes are methods, so
// that each has its own action.
type property struct {
	name  string
	sig   string
	emits emits
	get   func(view) any
}

// view is what the properties of one object are read from, at one moment.
type view struct {
	snap    *service.Snapshot // of the container
	process *service.Process  // of the command
	version string            // of the manager
	running uint32
	audit   string
	log     logView

	security  string
	enforcing bool
}

// lastExit is the value of LastExit, (is).
type lastExit struct {
	Code int32
	Kind string
}

func managerProperties() []property {
	return []property{
		{"Version", "s", emitsConst, func(v view) any { return v.version }},
		{"ContainersRunning", "u", emitsValue, func(v view) any { return v.running }},
		{"Audit", "s", emitsConst, func(v view) any { return v.audit }},
		{"SecurityModel", "s", emitsConst, func(v view) any { return v.security }},
		{"SecurityEnforcing", "b", emitsNever, func(v view) any { return v.enforcing }},
	}
}

func containerProperties() []property {
	return append([]property{
		{"Name", "s", emitsValue, func(v view) any { return v.snap.Name }},
		{"UUID", "s", emitsConst, func(v view) any { return v.snap.UUID.String() }},
		{"Title", "s", emitsValue, func(v view) any { return v.snap.Title }},
		{"Description", "s", emitsValue, func(v view) any { return v.snap.Description }},
		{"OSType", "s", emitsConst, func(view) any { return "exe" }},
		{"State", "s", emitsValue, func(v view) any { return string(v.snap.State) }},
		{"StateReason", "s", emitsValue, func(v view) any { return string(v.snap.Reason) }},
		{"StateChangedUSec", "t", emitsValue, func(v view) any { return usec(v.snap.StateChanged) }},
		{"Persistent", "b", emitsValue, func(v view) any { return v.snap.Persistent }},
		{"Autostart", "b", emitsValue, func(v view) any { return v.snap.Autostart }},
		{"AutostartOnce", "b", emitsValue, func(v view) any { return v.snap.OnceAtBoot }},
		{"Updated", "b", emitsValue, func(v view) any { return v.snap.Updated }},
		{"Id", "u", emitsValue, func(v view) any { return v.snap.ID }},
		{"Leader", "u", emitsValue, func(v view) any { return v.snap.Leader }},
		{"OwnerUID", "u", emitsValue, func(v view) any { return v.snap.OwnedBy.UID }},
		{"PrivateUsers", "b", emitsValue, func(v view) any { return v.snap.PrivateUsers }},
		{"MachineName", "s", emitsValue, func(v view) any { return v.snap.MachineName }},
		{"Network", "s", emitsValue, func(v view) any { return v.snap.Network }},
		{"Unit", "s", emitsValue, func(v view) any { return v.snap.Unit }},
		{"Slice", "s", emitsValue, func(v view) any { return v.snap.Slice }},
		{"ControlGroup", "s", emitsValue, func(v view) any { return v.snap.ControlGroup }},
		{"RootDirectory", "s", emitsValue, func(v view) any { return v.snap.Root }},
		{"LastExit", "(is)", emitsValue, func(v view) any { return lastExit{v.snap.LastExit.Code, v.snap.LastExit.Kind} }},
		{"StartedUSec", "t", emitsValue, func(v view) any { return usec(v.snap.Started) }},
		{"Ready", "b", emitsValue, func(v view) any { return v.snap.Ready }},
		{"Status", "s", emitsValue, func(v view) any { return v.snap.Status }},
		{"OOMKills", "t", emitsValue, func(v view) any { return v.snap.OOMKills }},
		{"SecurityModel", "s", emitsValue, func(v view) any { return v.snap.Label.Model }},
		{"SecurityLabel", "s", emitsValue, func(v view) any { return v.snap.Label.Process }},
		{"ImageLabel", "s", emitsValue, func(v view) any { return v.snap.Label.Files }},
		{"RelabelProgress", "t", emitsValue, func(v view) any { return v.snap.RelabelProgress }},
		{"Consoles", "as", emitsValue, func(v view) any { return append([]string{}, v.snap.Consoles...) }},
		{"Interfaces", "a(ssssss)", emitsValue, func(v view) any { return v.snap.Interfaces }},
	}, limitProperties()...)
}

// usec is CLOCK_REALTIME in microseconds, 0 for "never".
func usec(t time.Time) uint64 {
	if t.IsZero() {
		return 0
	}
	return uint64(t.UnixMicro())
}

// values reads all properties of a table.
func values(props []property, v view) map[string]dbus.Variant {
	out := make(map[string]dbus.Variant, len(props))
	for _, p := range props {
		out[p.name] = dbus.MakeVariant(p.get(v))
	}
	return out
}

// changed reads the properties that differ between two views and are announced.
func changed(props []property, before, after view) map[string]dbus.Variant {
	out := make(map[string]dbus.Variant)
	for _, p := range props {
		if p.emits != emitsValue {
			continue
		}
		if now := p.get(after); !same(p.get(before), now) {
			out[p.name] = dbus.MakeVariant(now)
		}
	}
	return out
}

// same compares two values of one property.
func same(a, b any) bool {
	if list, ok := a.([]string); ok {
		return slices.Equal(list, b.([]string))
	}
	if mask, ok := a.([]byte); ok {
		return slices.Equal(mask, b.([]byte))
	}
	if list, ok := a.([]domain.DeviceNumber); ok {
		return slices.Equal(list, b.([]domain.DeviceNumber))
	}
	if list, ok := a.([]service.Interface); ok {
		return slices.Equal(list, b.([]service.Interface))
	}
	return a == b
}

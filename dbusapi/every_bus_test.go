//go:build bus

package dbusapi

import (
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/bus"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

// everyMethod calls do with each method of each interface, and the path of an object that has it.
func everyMethod(do func(path dbus.ObjectPath, iface string, m *method)) {
	paths := map[kind]dbus.ObjectPath{
		kindBranch: "/org", kindManager: rootPath, kindContainer: ContainerPath(uuidA), kindLog: contract.LogControlPath,
		kindProcess: ProcessPath(service.ProcessKey{Container: uuidB, Run: 1, ID: 1}),
	}
	for k, list := range ifaces() {
		for _, i := range list {
			for _, m := range i.methods {
				do(paths[k], i.name, m)
			}
		}
	}
}

// TestNestedOptions: no method takes a variant that holds a variant, or an array of them, however deep: that is one bad
// call, and its values are never decoded.
func TestNestedOptions(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	everyMethod(func(path dbus.ObjectPath, name string, m *method) {
		if !strings.Contains(m.in, "v") {
			return
		}
		for _, depth := range []int{1, 2, 15} { // godbus sends nothing deeper; TestNesting does
			for _, wrap := range []func(dbus.Variant) any{
				func(v dbus.Variant) any { return v },
				func(v dbus.Variant) any { return []dbus.Variant{v} },
				func(v dbus.Variant) any { return map[string]dbus.Variant{"": v} },
			} {
				v := dbus.MakeVariant(uint32(1))
				for range depth {
					v = dbus.MakeVariant(wrap(v))
				}
				args := sample(m)
				if strings.HasSuffix(m.in, "a{sv}") {
					args[len(args)-1] = map[string]dbus.Variant{"live": v}
				} else {
					args[len(args)-1] = v
				}
				if text := fails(t, r.call(path, name+"."+m.name, args...), contract.ErrorInvalidArgs); !strings.Contains(text, "malformed") {
					t.Errorf("%s, %d deep: %s", m.name, depth, text)
				}
			}
		}
	})
	if r.log.String() != "" {
		t.Errorf("log: %s", r.log)
	}
}

// TestBounds: arguments of more bytes than a method takes are refused before they are read, whatever they are, and the
// error has the limit.
func TestBounds(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	everyMethod(func(path dbus.ObjectPath, name string, m *method) {
		args := sample(m)
		many := make([]string, m.maxArgs()/8+1)
		switch long := strings.Repeat("x", m.maxArgs()); {
		case strings.HasPrefix(m.in, "s"):
			args[0] = long
		case strings.HasPrefix(m.in, "as"):
			args[0] = many
		case strings.HasSuffix(m.in, "a{sv}"):
			args[len(args)-1] = map[string]dbus.Variant{"groups": dbus.MakeVariant(many)}
		default:
			return
		}
		if text := fails(t, r.call(path, name+"."+m.name, args...), contract.ErrorLimitsExceeded); !strings.Contains(text, "the limit is") {
			t.Errorf("%s: %s", m.name, text)
		}
	})
}

// TestEveryPropertyInEveryState: no property fails in any state of a container, and each has its type.
func TestEveryPropertyInEveryState(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for i, state := range []service.State{
		service.StateShutoff, service.StateStarting, service.StateRunning, service.StatePaused, service.StateStopping, "unheard of",
	} {
		u := domain.UUID{0xd, byte(i + 1)}
		r.core.mu.Lock()
		r.core.snaps[u] = service.Snapshot{UUID: u, Name: string(state), State: state}
		r.core.mu.Unlock()
		for _, p := range containerProperties() {
			var v dbus.Variant
			err := r.call(ContainerPath(u), propertiesName+".Get", contract.ContainerInterface, p.name).Store(&v)
			if err != nil || v.Signature().String() != p.sig {
				t.Errorf("%s of one that is %s is %v, %v", p.name, state, v, err)
			}
		}
	}
}

// FuzzOptions: no option of any method, of whatever type, makes the method panic or gives what D-Bus cannot carry.
func FuzzOptions(f *testing.F) {
	var list []*method
	everyMethod(func(_ dbus.ObjectPath, name string, m *method) {
		if strings.HasSuffix(m.in, "a{sv}") && !m.waits {
			list = append(list, m)
		}
	})
	slices.SortFunc(list, func(a, b *method) int { return strings.Compare(a.name, b.name) })
	for i := range list {
		for kind := range optionKinds {
			f.Add(uint8(i), uint8(i), uint8(kind), "a", uint64(1))
		}
	}
	core := newFakeCore(NewSignals(slog.New(slog.DiscardHandler)))
	auth := &fakeAuth{}
	s, err := newServer(f.Context(), Config{
		Core: core, Networks: &fakeNetworks{}, Signals: core.signals, Access: service.NewAccess(auth, slog.New(slog.DiscardHandler)), Callers: auth, Backlogs: &fakeBacklogs{},
		Log: slog.New(slog.DiscardHandler), Logs: &fakeLogs{}, Version: "1",
	})
	if err != nil {
		f.Fatal(err)
	}
	from := s.inbound.callerOf(":1.7")
	f.Fuzz(func(t *testing.T, which, key, kind uint8, text string, number uint64) {
		m := list[int(which)%len(list)]
		keys := append(slices.Sorted(maps.Keys(m.options)), text)
		name := keys[int(key)%len(keys)]
		if name == "autodestroy" { // asks the bus
			return
		}
		args := sample(m)
		args[len(args)-1] = map[string]dbus.Variant{name: dbus.MakeVariant(optionKinds[int(kind)%len(optionKinds)](text, number))}
		c := &call{method: m, member: m.name, args: args, caller: from, header: &bus.Header{}}
		if c.kind = kindManager; m.doing != "" && strings.Contains(m.doing, "domain") {
			c.kind, c.uuid = kindContainer, uuidB
		}
		out, err := s.run(c)
		c.endTurn()
		if p, ok := errors.AsType[*panicError](err); ok {
			t.Errorf("%s with %q: %v\n%s", m.name, args, p.value, p.stack)
		}
		if err == nil {
			if _, err := encode(c.answer(out, nil), 1); err != nil {
				t.Errorf("%s with %q: %v", m.name, args, err)
			}
		}
		bus.CloseFiles(c.answers)
	})
}

// optionKinds make a value of each type that an option may have.
var optionKinds = []func(text string, number uint64) any{
	func(text string, _ uint64) any { return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "?") },
	func(text string, _ uint64) any { return strings.Fields(strings.ToValidUTF8(text, "?")) },
	func(text string, _ uint64) any { return []byte(text) },
	func(_ string, n uint64) any { return n%2 == 0 },
	func(_ string, n uint64) any { return n },
	func(_ string, n uint64) any { return uint32(n) },
	func(_ string, n uint64) any { return uint16(n) },
	func(_ string, n uint64) any { return int32(n) },
	func(string, uint64) any { return []dbus.ObjectPath{"/", ContainerPath(uuidB)} },
	func(string, uint64) any { return []dbus.UnixFDIndex{} },
	func(string, uint64) any { return [][]any{} },
}

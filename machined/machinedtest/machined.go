// Package machinedtest is a fake of systemd-machined's org.freedesktop.machine1 for tests on a
// private bus: it keeps the machines in memory and refuses what machined refuses.
package machinedtest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/godbus/dbus/v5"
)

const (
	busName = "org.freedesktop.machine1"
	busPath = dbus.ObjectPath("/org/freedesktop/machine1")
)

// Machine is what was registered.
type Machine struct {
	ID         []byte
	Service    string
	Class      string
	Leader     uint32
	Root       string
	Interfaces []int32 // nil when registered without
	Unit       string  // as Add entered it, else the leader's
}

// Machined is the fake.
type Machined struct {
	mu       sync.Mutex
	machines map[string]Machine
	fail     *dbus.Error
	vanish   map[string]bool // machines that go between the list of all and their properties
	calls    []string
}

// New takes machined's name on the bus and serves it until conn is closed, less the methods named.
func New(conn *dbus.Conn, without ...string) (*Machined, error) {
	m := &Machined{machines: map[string]Machine{}, vanish: map[string]bool{}}
	methods := map[string]any{
		"RegisterMachineWithNetwork": m.register,
		"RegisterMachine": func(name string, id []byte, service, class string, leader uint32, root string) (dbus.ObjectPath, *dbus.Error) {
			return m.register(name, id, service, class, leader, root, nil)
		},
		"UnregisterMachine": m.unregister,
		"ListMachines":      m.list,
	}
	maps.DeleteFunc(methods, func(name string, _ any) bool { return slices.Contains(without, name) })
	if err := conn.ExportMethodTable(methods, busPath, busName+".Manager"); err != nil {
		return nil, fmt.Errorf("export %s: %w", busName, err)
	}
	object := map[string]any{"GetAll": m.getAll}
	if err := conn.ExportSubtreeMethodTable(object, busPath+"/machine", "org.freedesktop.DBus.Properties"); err != nil {
		return nil, fmt.Errorf("export %s: %w", busName, err)
	}
	reply, err := conn.RequestName(busName, dbus.NameFlagDoNotQueue)
	if err != nil {
		return nil, fmt.Errorf("request %s: %w", busName, err)
	}
	if reply != dbus.RequestNameReplyPrimaryOwner {
		return nil, fmt.Errorf("request %s: taken", busName)
	}
	return m, nil
}

// Machines gives what is registered, by name.
func (m *Machined) Machines() map[string]Machine {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.machines)
}

// Add enters a machine as another manager would.
func (m *Machined) Add(name string, machine Machine) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.machines[name] = machine
}

// Vanish has a machine go when its properties are asked for.
func (m *Machined) Vanish(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.vanish[name] = true
}

// Calls lists the methods that were called, with the machine: "GetAll web".
func (m *Machined) Calls() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.calls)
}

// Fail makes each call from now on end with this error; nil ends that.
func (m *Machined) Fail(err *dbus.Error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = err
}

func (m *Machined) register(name string, id []byte, service, class string, leader uint32, root string, interfaces []int32) (dbus.ObjectPath, *dbus.Error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls = append(m.calls, "RegisterMachine "+name)
	_, taken := m.machines[name]
	switch {
	case m.fail != nil:
		return "", m.fail
	case taken:
		return "", dbus.NewError(busName+".MachineExists", []any{"Machine '" + name + "' already exists"})
	case len(id) != 0 && len(id) != 16, leader == 1, root != "" && root[0] != '/':
		return "", dbus.NewError("org.freedesktop.DBus.Error.InvalidArgs", []any{"Invalid machine parameter"})
	}
	m.machines[name] = Machine{ID: id, Service: service, Class: class, Leader: leader, Root: root, Interfaces: interfaces}
	return object(name), nil
}

func (m *Machined) unregister(name string) *dbus.Error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls = append(m.calls, "UnregisterMachine "+name)
	if m.fail != nil {
		return m.fail
	}
	if _, ok := m.machines[name]; !ok {
		return noSuchMachine(name)
	}
	delete(m.machines, name)
	return nil
}

func noSuchMachine(name string) *dbus.Error {
	return dbus.NewError(busName+".NoSuchMachine", []any{"No machine '" + name + "' known"})
}

// row is one machine of ListMachines.
type row struct {
	Name, Class, Service string
	Path                 dbus.ObjectPath
}

func (m *Machined) list() ([]row, *dbus.Error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls = append(m.calls, "ListMachines")
	if m.fail != nil {
		return nil, m.fail
	}
	rows := []row{}
	for _, name := range slices.Sorted(maps.Keys(m.machines)) {
		x := m.machines[name]
		rows = append(rows, row{Name: name, Class: x.Class, Service: x.Service, Path: object(name)})
	}
	return rows, nil
}

// getAll gives a machine's properties, as far as a client of ours wants them.
func (m *Machined) getAll(message dbus.Message, iface string) (map[string]dbus.Variant, *dbus.Error) {
	path, _ := message.Headers[dbus.FieldPath].Value().(dbus.ObjectPath)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return nil, m.fail
	}
	for name, x := range m.machines {
		if object(name) != path || iface != busName+".Machine" {
			continue
		}
		m.calls = append(m.calls, "GetAll "+name)
		if m.vanish[name] {
			delete(m.machines, name)
			break
		}
		return map[string]dbus.Variant{
			"Name": dbus.MakeVariant(name), "Id": dbus.MakeVariant(x.ID), "Service": dbus.MakeVariant(x.Service),
			"RootDirectory": dbus.MakeVariant(x.Root), "Unit": dbus.MakeVariant(x.Unit), "Leader": dbus.MakeVariant(x.Leader), "Class": dbus.MakeVariant(x.Class),
		}, nil
	}
	return nil, dbus.NewError("org.freedesktop.DBus.Error.UnknownObject", []any{"Unknown object '" + string(path) + "'."})
}

// object is a machine's object, by sd_bus_path_encode(3): bytes other than letters and digits, and a first digit, are
// _hh.
func object(name string) dbus.ObjectPath {
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9' && i > 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "_%02x", c)
		}
	}
	return busPath + "/machine/" + dbus.ObjectPath(b.String())
}

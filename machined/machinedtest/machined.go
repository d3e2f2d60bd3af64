// Package machinedtest is a fake of systemd-machined's org.freedesktop.machine1 for tests on a
// private bus: it keeps the machines in memory and refuses what machined refuses.
package machinedtest

import (
	"fmt"
	"maps"
	"slices"
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
}

// Machined is the fake.
type Machined struct {
	mu       sync.Mutex
	machines map[string]Machine
	fail     *dbus.Error
}

// New takes machined's name on the bus and serves it until conn is closed, less the methods named.
func New(conn *dbus.Conn, without ...string) (*Machined, error) {
	m := &Machined{machines: map[string]Machine{}}
	methods := map[string]any{
		"RegisterMachineWithNetwork": m.register,
		"RegisterMachine": func(name string, id []byte, service, class string, leader uint32, root string) (dbus.ObjectPath, *dbus.Error) {
			return m.register(name, id, service, class, leader, root, nil)
		},
		"UnregisterMachine": m.unregister,
	}
	maps.DeleteFunc(methods, func(name string, _ any) bool { return slices.Contains(without, name) })
	if err := conn.ExportMethodTable(methods, busPath, busName+".Manager"); err != nil {
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

// Fail makes each call from now on end with this error; nil ends that.
func (m *Machined) Fail(err *dbus.Error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = err
}

func (m *Machined) register(name string, id []byte, service, class string, leader uint32, root string, interfaces []int32) (dbus.ObjectPath, *dbus.Error) {
	m.mu.Lock()
	defer m.mu.Unlock()
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
	return busPath + "/machine/" + dbus.ObjectPath(fmt.Sprintf("_%x", name)), nil
}

func (m *Machined) unregister(name string) *dbus.Error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	if _, ok := m.machines[name]; !ok {
		return dbus.NewError(busName+".NoSuchMachine", []any{"No machine '" + name + "' known"})
	}
	delete(m.machines, name)
	return nil
}

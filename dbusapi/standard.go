package dbusapi

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

const (
	propertiesName    = "org.freedesktop.DBus.Properties"
	objectManagerName = "org.freedesktop.DBus.ObjectManager"
	peerName          = "org.freedesktop.DBus.Peer"
)

// managerFacts is why everybody may read the properties of the manager.
const managerFacts = "they are of the host, and count what the caller may see"

func peerIface() *iface {
	return newIface(peerName, nil,
		&method{name: "Ping", open: "the name is on the bus for all to see", doing: "answer", run: ping},
		&method{name: "GetMachineId", out: "s", open: "everybody can read /etc/machine-id", doing: "read the machine id", run: getMachineID},
	)
}

func introspectableIface() *iface {
	return newIface("org.freedesktop.DBus.Introspectable", nil,
		&method{name: "Introspect", out: "s", action: contract.ActionRead, openAbove: "it lists what the caller may see", doing: "introspect", run: introspect})
}

func propertiesIface() *iface {
	return newIface(propertiesName, nil,
		&method{name: "Get", in: "ss", out: "v", action: contract.ActionRead, openAbove: managerFacts, doing: "read properties of", run: getProperty},
		&method{name: "GetAll", in: "s", out: "a{sv}", action: contract.ActionRead, openAbove: managerFacts, doing: "read properties of", run: getAllProperties},
		&method{name: "Set", in: "ssv", action: contract.ActionManage, doing: "set properties of", run: setProperty},
	)
}

func objectManagerIface() *iface {
	return newIface(objectManagerName, nil,
		&method{
			name: "GetManagedObjects", out: "a{oa{sa{sv}}}", action: contract.ActionRead, open: listsVisible, doing: "list domains",
			run: getManagedObjects,
		})
}

func ping(context.Context, *Server, *call) ([]any, error) { return nil, nil }

func getMachineID(context.Context, *Server, *call) ([]any, error) {
	id, err := os.ReadFile("/etc/machine-id")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, stdError(contract.ErrorFileNotFound, "this host has no machine id")
	}
	if err != nil {
		return nil, err
	}
	return []any{strings.TrimSpace(string(id))}, nil
}

func introspect(ctx context.Context, s *Server, c *call) ([]any, error) {
	var children []string
	switch c.path {
	case "/":
		children = []string{"org"}
	case "/org":
		children = []string{"berth1", "freedesktop"}
	case "/org/freedesktop":
		children = []string{"LogControl1"}
	case rootPath:
		children = []string{"container", "process"}
	case processPath:
		list, err := s.seen(ctx, c)
		if err != nil {
			return nil, c.denied(err)
		}
		for _, p := range s.processesOf(list) {
			children = append(children, strings.TrimPrefix(string(ProcessPath(p.ProcessKey)), string(processPath)+"/"))
		}
	case containerPath:
		list, err := s.seen(ctx, c)
		if err != nil {
			return nil, c.denied(err)
		}
		for _, snap := range list {
			leaf := strings.TrimPrefix(string(ContainerPath(snap.UUID)), string(containerPath)+"/")
			children = append(children, leaf)
		}
	}
	var names []string
	for _, i := range s.ifaces[c.kind] {
		names = append(names, i.name)
	}
	return []any{s.contract.document(names, children)}, nil
}

// view reads what the properties of the called object come from.
func (s *Server) view(ctx context.Context, c *call) (view, error) {
	v := view{version: s.version, running: uint32(s.core.Active()), audit: string(s.core.AuditState()), security: s.core.SecurityModel(), enforcing: s.core.SecurityEnforcing()}
	if c.kind == kindManager && !c.by.Root() {
		v.running = 0
		list, err := s.seen(ctx, c)
		if err != nil {
			return v, c.denied(err)
		}
		for _, snap := range list {
			if snap.State.Active() {
				v.running++
			}
		}
	}
	switch c.kind {
	case kindProcess:
		p, err := s.core.Process(c.process)
		v.process = &p
		return v, err
	case kindLog:
		v.log = logView{s.logs.Level(), s.logs.Target()}
		return v, nil
	case kindContainer:
	default:
		return v, nil
	}
	snap, err := s.core.ByUUID(c.uuid)
	v.snap = &snap
	return v, err
}

// propertiesOf finds the tables that an interface name means on the called object: all of them
// when it is empty.
func (s *Server) propertiesOf(c *call, name string) ([]property, error) {
	var props []property
	found := name == ""
	for _, i := range s.ifaces[c.kind] {
		if name == "" || i.name == name {
			found = true
			props = append(props, i.props...)
		}
	}
	if !found {
		return nil, stdError(contract.ErrorUnknownInterface, "object %s has no interface %q", c.path, name)
	}
	return props, nil
}

func (s *Server) propertyOf(c *call, ifaceName, name string) (property, error) {
	props, err := s.propertiesOf(c, ifaceName)
	if err != nil {
		return property{}, err
	}
	for _, p := range props {
		if p.name == name {
			return p, nil
		}
	}
	return property{}, stdError(contract.ErrorUnknownProperty, "object %s has no property %q in interface %q", c.path, name, ifaceName)
}

func getProperty(ctx context.Context, s *Server, c *call) ([]any, error) {
	p, err := s.propertyOf(c, c.args[0].(string), c.args[1].(string))
	if err != nil {
		return nil, err
	}
	v, err := s.view(ctx, c)
	if err != nil {
		return nil, err
	}
	return []any{dbus.MakeVariant(p.get(v))}, nil
}

func getAllProperties(ctx context.Context, s *Server, c *call) ([]any, error) {
	props, err := s.propertiesOf(c, c.args[0].(string))
	if err != nil {
		return nil, err
	}
	v, err := s.view(ctx, c)
	if err != nil {
		return nil, err
	}
	return []any{values(props, v)}, nil
}

func setProperty(_ context.Context, s *Server, c *call) ([]any, error) {
	p, err := s.propertyOf(c, c.args[0].(string), c.args[1].(string))
	if err != nil {
		return nil, err
	}
	if writable, err := s.set(c, p.name, c.args[2].(dbus.Variant)); writable {
		return nil, err
	}
	return nil, stdError(contract.ErrorPropertyReadOnly, "property %q is read-only", p.name)
}

func getManagedObjects(_ context.Context, s *Server, c *call) ([]any, error) {
	out := make(map[dbus.ObjectPath]map[string]map[string]dbus.Variant)
	props := containerProperties()
	list := s.list(c)
	for _, snap := range list {
		out[ContainerPath(snap.UUID)] = map[string]map[string]dbus.Variant{
			contract.ContainerInterface: values(props, view{snap: &snap}),
		}
	}
	for _, p := range s.processesOf(list) {
		out[ProcessPath(p.ProcessKey)] = map[string]map[string]dbus.Variant{
			contract.ProcessInterface: values(processProperties(), view{process: &p}),
		}
	}
	return []any{out}, nil
}

// processesOf returns the commands in these containers.
func (s *Server) processesOf(containers []service.Snapshot) (list []service.Process) {
	of := make(map[domain.UUID]bool, len(containers))
	for _, snap := range containers {
		of[snap.UUID] = true
	}
	for _, p := range s.core.Processes() {
		if of[p.Container] {
			list = append(list, p)
		}
	}
	return list
}

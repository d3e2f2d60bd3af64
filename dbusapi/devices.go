package dbusapi

import (
	"context"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

// deviceMethods are the methods that change the devices of a container.
func deviceMethods() []*method {
	return []*method{
		deviceMethod("AttachDevice", "attach a device to domain", core.AttachDevice),
		deviceMethod("DetachDevice", "detach a device from domain", core.DetachDevice),
		deviceMethod("DetachDeviceAlias", "detach a device from domain", func(c core, ctx context.Context, u domain.UUID, alias []byte, o service.TuneOptions) error {
			return c.DetachDeviceAlias(ctx, u, string(alias), o)
		}),
		deviceMethod("UpdateDevice", "update a device of domain", core.UpdateDevice),
		{
			name: "ListDevices", in: "a{sv}", out: "aa{sv}", action: contract.ActionRead, doing: "list the devices of domain",
			options: map[string]string{"live": "b", "config": "b"}, run: listDevices,
		},
	}
}

func listDevices(_ context.Context, s *Server, c *call) ([]any, error) {
	o := tuneOptions(c)
	if o.Live && o.Config {
		return nil, stdError(contract.ErrorInvalidArgs, "ListDevices has the devices of one definition: live or config, not both")
	}
	devices, err := s.core.ListDevices(c.uuid, o)
	if err != nil {
		return nil, err
	}
	list := make([]map[string]dbus.Variant, 0, len(devices))
	for _, d := range devices {
		one := map[string]dbus.Variant{"kind": dbus.MakeVariant(d.Kind), "type": dbus.MakeVariant(d.Type)}
		for name, text := range map[string]string{"alias": d.Alias, "source": d.Source, "target": d.Target, "mac": d.MAC} {
			if text != "" {
				one[name] = dbus.MakeVariant(text)
			}
		}
		if d.ReadOnly {
			one["read-only"] = dbus.MakeVariant(true)
		}
		list = append(list, one)
	}
	return []any{list}, nil
}

func deviceMethod(name, doing string, do func(core, context.Context, domain.UUID, []byte, service.TuneOptions) error) *method {
	return &method{
		name: name, in: "sa{sv}", action: contract.ActionManage, mutates: true, doing: doing, limit: maxXMLArgs,
		options: map[string]string{"live": "b", "config": "b"},
		run: func(ctx context.Context, s *Server, c *call) ([]any, error) {
			return nil, do(s.core, ctx, c.uuid, []byte(c.args[0].(string)), tuneOptions(c))
		},
	}
}

// DeviceChanged implements service.Observer.
func (s *Signals) DeviceChanged(u domain.UUID, alias string, added bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := "DeviceRemoved"
	if added {
		name = "DeviceAdded"
	}
	s.emit(ContainerPath(u), contract.ContainerInterface, name, alias)
}

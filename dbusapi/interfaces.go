package dbusapi

import (
	"context"
	"maps"
	"slices"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

// interfaceMethods are the methods about the interfaces of a container.
func interfaceMethods() []*method {
	both := map[string]string{"live": "b", "config": "b"}
	return []*method{
		{
			name: "GetInterfaces", in: "a{sv}", out: "aa{sv}", action: contract.ActionRead, doing: "read the interfaces of domain",
			options: both, run: getInterfaces,
		},
		{
			name: "SetInterface", in: "sa{sv}a{sv}", action: contract.ActionManage, mutates: true, doing: "change an interface of domain",
			options: both, run: setInterface,
		},
		{
			name: "GetInterfaceAddresses", in: "sa{sv}", out: "aa{sv}", action: contract.ActionRead, doing: "read the addresses of domain",
			asks: true, run: getInterfaceAddresses,
		},
	}
}

func getInterfaces(_ context.Context, s *Server, c *call) ([]any, error) {
	o := tuneOptions(c)
	if o.Live && o.Config {
		return nil, stdError(contract.ErrorInvalidArgs, "GetInterfaces reads those of the running container or of the stored definition, not of both")
	}
	list, err := s.core.Interfaces(c.uuid, o)
	if err != nil {
		return nil, err
	}
	rows := []map[string]dbus.Variant{}
	for _, i := range list {
		row := map[string]dbus.Variant{
			"name": dbus.MakeVariant(i.Name), "type": dbus.MakeVariant(i.Type), "source": dbus.MakeVariant(i.Source), "link": dbus.MakeVariant(i.Link),
			"mac": dbus.MakeVariant(i.MAC), "model": dbus.MakeVariant(i.Model), "link-state": dbus.MakeVariant(i.LinkState),
		}
		for way, r := range map[string]domain.Rate{"inbound": i.Bandwidth.In, "outbound": i.Bandwidth.Out} {
			for name, field := range rateFields(&r) {
				row[way+"-"+name] = dbus.MakeVariant(*field.to * field.unit)
			}
		}
		rows = append(rows, row)
	}
	return []any{rows}, nil
}

// rateField is a number of a limit, with the bytes that one of it has.
type rateField struct {
	to   *uint64
	unit uint64
}

func rateFields(r *domain.Rate) map[string]rateField {
	return map[string]rateField{"average": {&r.Average, 1000}, "peak": {&r.Peak, 1000}, "burst": {&r.Burst, 1024}}
}

func setInterface(ctx context.Context, s *Server, c *call) ([]any, error) {
	change, err := linkChange(c.args[1].(map[string]dbus.Variant))
	if err != nil {
		return nil, err
	}
	o := tuneOptions(c)
	return nil, s.core.SetInterface(ctx, c.uuid, c.args[0].(string), change, o)
}

// linkChange reads what shall change. A direction of which one number is given gets all its numbers anew.
func linkChange(given map[string]dbus.Variant) (change service.LinkChange, err error) {
	var in, out domain.Rate
	for _, name := range slices.Sorted(maps.Keys(given)) {
		v := given[name]
		if state, is := v.Value().(string); name == "link-state" && is {
			change.State = &state
			continue
		}
		known := false
		for way, d := range map[string]struct {
			rate *domain.Rate
			to   **domain.Rate
		}{"inbound-": {&in, &change.In}, "outbound-": {&out, &change.Out}} {
			for word, field := range rateFields(d.rate) {
				n, is := v.Value().(uint64)
				if name != way+word || !is {
					continue
				}
				if n%field.unit != 0 {
					return change, stdError(contract.ErrorInvalidArgs, "property %q of SetInterface is not a multiple of %d", name, field.unit)
				}
				known, *field.to, *d.to = true, n/field.unit, d.rate
			}
		}
		if !known {
			return change, stdError(contract.ErrorInvalidArgs, "SetInterface has no property %q of type %q", name, v.Signature().String())
		}
	}
	return change, nil
}

func getInterfaceAddresses(ctx context.Context, s *Server, c *call) ([]any, error) {
	from := service.AddressSource(c.args[0].(string))
	if from != service.AddressLease && from != service.AddressARP && from != service.AddressAgent {
		return nil, stdError(contract.ErrorNotSupported, "addresses have no source %q; known are lease, arp and agent", string(from))
	}
	list, err := s.core.Addresses(ctx, c.uuid, from)
	if err != nil {
		return nil, err
	}
	rows := []map[string]dbus.Variant{}
	for _, a := range list {
		row := map[string]dbus.Variant{
			"name": dbus.MakeVariant(guestText(a.Interface.Name)), "link": dbus.MakeVariant(a.Interface.Link), "mac": dbus.MakeVariant(a.Interface.MAC),
		}
		if a.Address.IsValid() {
			row["address"], row["prefix"] = dbus.MakeVariant(a.Address.Addr().String()), dbus.MakeVariant(uint32(a.Address.Bits()))
		}
		rows = append(rows, row)
	}
	return []any{rows}, nil
}

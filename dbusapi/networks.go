package dbusapi

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/service"
)

// networksCore is what the API needs of the service for the networks of the host.
type networksCore interface {
	List() ([]service.NetworkInfo, error)
	Network(name string) (service.NetworkInfo, error)
	XML(name string, inactive bool) (string, error)
	Leases(ctx context.Context, name string) ([]service.NetworkLease, error)
	Define(ctx context.Context, xml []byte) (service.NetworkInfo, error)
	Undefine(ctx context.Context, name string) error
	Start(ctx context.Context, name string) error
	Destroy(ctx context.Context, name string) error
	SetAutostart(ctx context.Context, name string, on bool) error
}

func networksIface() *iface {
	return newIface(contract.NetworksInterface, nil,
		&method{name: "ListNetworks", in: "a{sv}", out: "aa{sv}", action: contract.ActionRead, doing: "list networks", run: listNetworks},
		&method{name: "GetNetwork", in: "s", out: "a{sv}", network: true, action: contract.ActionRead, doing: "find network", run: getNetwork},
		&method{
			name: "GetNetworkXML", in: "sa{sv}", out: "s", network: true, action: contract.ActionRead, doing: "read the definition of network",
			options: map[string]string{"inactive": "b"}, run: getNetworkXML,
		},
		&method{
			name: "GetNetworkLeases", in: "sa{sv}", out: "aa{sv}", network: true, action: contract.ActionMonitor, doing: "read the leases of network",
			asks: true, run: getNetworkLeases,
		},
		&method{
			name: "DefineNetworkXML", in: "sa{sv}", out: "s", action: contract.ActionManage, mutates: true, doing: "define network",
			limit: maxXMLArgs, run: defineNetwork,
		},
		&method{
			name: "UndefineNetwork", in: "sa{sv}", network: true, action: contract.ActionManage, mutates: true, doing: "undefine network",
			run: changeNetwork(networksCore.Undefine),
		},
		&method{
			name: "StartNetwork", in: "sa{sv}", network: true, action: contract.ActionControl, mutates: true, doing: "start network",
			run: changeNetwork(networksCore.Start),
		},
		&method{
			name: "DestroyNetwork", in: "sa{sv}", network: true, action: contract.ActionControl, mutates: true, doing: "destroy network",
			run: changeNetwork(networksCore.Destroy),
		},
		&method{
			name: "SetNetworkAutostart", in: "sba{sv}", network: true, action: contract.ActionManage, mutates: true, doing: "set autostart of network",
			run: setNetworkAutostart,
		},
	)
}

func listNetworks(_ context.Context, s *Server, _ *call) ([]any, error) {
	list, err := s.networks.List()
	if err != nil {
		return nil, err
	}
	rows := []map[string]dbus.Variant{}
	for _, info := range list {
		rows = append(rows, describeNetwork(info))
	}
	return []any{rows}, nil
}

func getNetwork(_ context.Context, s *Server, c *call) ([]any, error) {
	c.subject = c.args[0].(string)
	info, err := s.networks.Network(c.subject)
	if err != nil {
		return nil, err
	}
	return []any{describeNetwork(info)}, nil
}

func describeNetwork(info service.NetworkInfo) map[string]dbus.Variant {
	out := map[string]dbus.Variant{ // the name may be that of a file which somebody else made
		"name": dbus.MakeVariant(strings.ToValidUTF8(info.Name, "\uFFFD")), "uuid": dbus.MakeVariant(info.UUID.String()), "bridge": dbus.MakeVariant(info.Bridge),
		"forward": dbus.MakeVariant(info.Forward), "origin": dbus.MakeVariant(string(info.Origin)),
		"active": dbus.MakeVariant(info.Active), "persistent": dbus.MakeVariant(info.Persistent), "autostart": dbus.MakeVariant(info.Autostart),
	}
	if info.Fault != "" {
		out["fault"] = dbus.MakeVariant(strings.ToValidUTF8(info.Fault, "\uFFFD"))
	}
	return out
}

func getNetworkXML(_ context.Context, s *Server, c *call) ([]any, error) {
	c.subject = c.args[0].(string)
	text, err := s.networks.XML(c.subject, option[bool](c, "inactive"))
	if err != nil {
		return nil, err
	}
	return []any{text}, nil
}

func getNetworkLeases(ctx context.Context, s *Server, c *call) ([]any, error) {
	c.subject = c.args[0].(string)
	list, err := s.networks.Leases(ctx, c.subject)
	if err != nil {
		return nil, err
	}
	rows := []map[string]dbus.Variant{}
	for _, l := range list {
		rows = append(rows, map[string]dbus.Variant{
			"mac": dbus.MakeVariant(l.MAC), "address": dbus.MakeVariant(l.Address.Addr().String()),
			"prefix": dbus.MakeVariant(uint32(l.Address.Bits())), "client-id": dbus.MakeVariant(hex.EncodeToString(l.Client)),
			"expires-usec": dbus.MakeVariant(usec(l.Expires)),
		})
	}
	return []any{rows}, nil
}

func defineNetwork(ctx context.Context, s *Server, c *call) ([]any, error) {
	info, err := s.networks.Define(ctx, []byte(c.args[0].(string)))
	if err != nil {
		return nil, err
	}
	return []any{info.Name}, nil
}

// changeNetwork makes a method of an operation on a network.
func changeNetwork(do func(networksCore, context.Context, string) error) func(context.Context, *Server, *call) ([]any, error) {
	return func(ctx context.Context, s *Server, c *call) ([]any, error) {
		c.subject = c.args[0].(string)
		return nil, do(s.networks, ctx, c.subject)
	}
}

func setNetworkAutostart(ctx context.Context, s *Server, c *call) ([]any, error) {
	c.subject = c.args[0].(string)
	return nil, s.networks.SetAutostart(ctx, c.subject, c.args[1].(bool))
}

// networkStateError is one of a network's state, which has the names of a container's.
func networkStateError(err error) (string, details, bool) {
	var e *service.NetworkStateError
	switch {
	case !errors.As(err, &e):
		return "", nil, false
	case e.Active:
		return contract.ErrorAlreadyRunning, nil, true
	}
	return contract.ErrorNotRunning, nil, true
}

func networkExistsError(err error) (string, details, bool) {
	var e *service.NetworkExistsError
	if !errors.As(err, &e) {
		return "", nil, false
	}
	return contract.ErrorNetworkExists, details{"name": dbus.MakeVariant(e.Name), "uuid": dbus.MakeVariant(e.UUID)}, true
}

package cli

import (
	"context"
	"time"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/client"
)

func (f *fake) Networks(context.Context) ([]client.Network, error) {
	return []client.Network{
		{Name: "broken", UUID: "00000000-0000-0000-0000-000000000000", Origin: "berth", Persistent: true, Fault: "network/ip: it is wrong"},
		{Name: "default", UUID: "6695eb01-f6a4-8304-79aa-97f2502e193f", Bridge: "berth0", Forward: "nat", Origin: "shipped", Active: true, Persistent: true, Autostart: true},
		{Name: "lab", UUID: "7795eb01-f6a4-8304-79aa-97f2502e193f", Bridge: "berth1", Origin: "berth", Persistent: true},
		{Name: "passing", UUID: "8895eb01-f6a4-8304-79aa-97f2502e193f", Bridge: "berth2", Forward: "route", Origin: "berth", Active: true},
	}, f.call("Networks", "")
}

func (f *fake) Network(ctx context.Context, name string) (client.Network, error) {
	if err := f.call("Network", name); err != nil {
		return client.Network{}, err
	}
	list, err := f.Networks(ctx)
	for _, n := range list {
		if n.Name == name || n.UUID == name {
			return n, err
		}
	}
	return client.Network{}, &client.Error{Name: contract.ErrorNoSuchNetwork, Message: "cannot find network: no network"}
}

func (f *fake) NetworkXML(_ context.Context, name string, d client.Definition) (string, error) {
	if d == client.Inactive {
		name += " inactive"
	}
	return "<network><!-- " + name + " --></network>\n", f.call("NetworkXML", name)
}

func (f *fake) NetworkLeases(_ context.Context, name string) ([]client.NetworkLease, error) {
	when := time.Date(2026, 11, 27, 16, 0, 0, 0, time.UTC)
	return []client.NetworkLease{
		{MAC: "52:54:00:00:00:02", Address: "192.168.179.9", Prefix: 24, ClientID: "01525400000002", Expires: when},
		{MAC: "52:54:00:00:00:01", Address: "192.168.179.10", Prefix: 24, Expires: when},
	}, f.call("NetworkLeases", name)
}

func (f *fake) DefineNetwork(_ context.Context, xml string) (string, error) {
	return "lab", f.call("DefineNetwork", xml)
}

func (f *fake) UndefineNetwork(_ context.Context, name string) error {
	return f.call("UndefineNetwork", name)
}

func (f *fake) StartNetwork(_ context.Context, name string) error {
	return f.call("StartNetwork", name)
}

func (f *fake) DestroyNetwork(_ context.Context, name string) error {
	return f.call("DestroyNetwork", name)
}

func (f *fake) SetNetworkAutostart(_ context.Context, name string, on bool) error {
	if on {
		name += " on"
	}
	return f.call("SetNetworkAutostart", name)
}

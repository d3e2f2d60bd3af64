package dbusapi

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

func (f *fakeCore) Interfaces(_ domain.UUID, o service.TuneOptions) ([]service.InterfaceInfo, error) {
	i := service.InterfaceInfo{Interface: service.Interface{Name: "eth0", Type: "bridge", Source: "br0", Link: "web0", MAC: "52:54:00:00:00:01"}, LinkState: "up"}
	if o.Config {
		i.LinkState, i.Bandwidth.In = "down", domain.Rate{Average: 2, Peak: 3, Burst: 4}
	}
	return []service.InterfaceInfo{i}, nil
}

func (f *fakeCore) SetInterface(ctx context.Context, u domain.UUID, name string, change service.LinkChange, o service.TuneOptions) error {
	text := fmt.Sprintf("SetInterface %s %v", name, o)
	if change.State != nil {
		text += " " + *change.State
	}
	for _, r := range []*domain.Rate{change.In, change.Out} {
		if r != nil {
			text += fmt.Sprintf(" %v", *r)
		}
	}
	return f.run(ctx, text, u)
}

func (f *fakeCore) Addresses(_ context.Context, _ domain.UUID, from service.AddressSource) ([]service.InterfaceAddress, error) {
	if from == service.AddressAgent { // a link without an address
		return []service.InterfaceAddress{{Interface: service.Interface{Name: "eth0", Link: "web0", MAC: "52:54:00:00:00:01"}}}, nil
	}
	address := map[service.AddressSource]string{service.AddressLease: "192.0.2.7/24", service.AddressARP: "2001:db8::7/128"}[from]
	return []service.InterfaceAddress{{Interface: service.Interface{Name: "eth0", Link: "web0", MAC: "52:54:00:00:00:01"}, Address: netip.MustParsePrefix(address)}}, nil
}

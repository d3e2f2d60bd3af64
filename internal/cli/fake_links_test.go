package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/berthd/berth/internal/client"
)

// Interfaces returns what web has: one on a bridge that is limited, and a macvlan. Others have none.
func (f *fake) Interfaces(_ context.Context, p client.Path, o client.TuneOptions) ([]client.InterfaceInfo, error) {
	if err := f.call("Interfaces", tuning(o)); err != nil || f.at(p).Name != "web" {
		return nil, err
	}
	list := []client.InterfaceInfo{
		{Interface: client.Interface{Name: "eth0", Type: "bridge", Source: "br0", Link: "vnet0", MAC: "52:54:00:00:00:01"}, LinkState: "up", In: client.Rate{Average: 1_000_000, Peak: 2_000_000, Burst: 4096}},
		{Interface: client.Interface{Name: "lan", Type: "direct", Source: "it's", MAC: "52:54:00:00:00:02"}, LinkState: "up"},
		{Interface: client.Interface{Name: "eth1", Type: "direct", Source: "eno1", MAC: "52:54:00:00:00:03"}, LinkState: "up"},
	}
	if o.Config {
		list[0].LinkState, list[0].In = "down", client.Rate{}
	}
	return list, nil
}

func (f *fake) SetInterface(_ context.Context, p client.Path, name string, change client.LinkChange, o client.TuneOptions) error {
	words := []string{f.at(p).Name, name, tuning(o)}
	if change.State != nil {
		words = append(words, *change.State)
	}
	for way, r := range map[string]*client.Rate{"in": change.In, "out": change.Out} {
		if r != nil {
			words = append(words, fmt.Sprint(way, *r))
		}
	}
	return f.call("SetInterface", strings.Join(words, " "))
}

func (f *fake) InterfaceAddresses(_ context.Context, p client.Path, source string) ([]client.InterfaceAddress, error) {
	if err := f.call("InterfaceAddresses", source); err != nil || f.at(p).Name != "web" {
		return nil, err
	}
	if source == "agent" {
		return []client.InterfaceAddress{
			{Name: "lo", Address: "127.0.0.1", Prefix: 8},
			{Name: "lo", Address: "::1", Prefix: 128},
			{Name: "eth0", MAC: "52:54:00:00:00:01"},
		}, nil
	}
	if source == "arp" {
		return []client.InterfaceAddress{
			{Name: "lan", MAC: "52:54:00:00:00:02", Address: "192.0.2.9", Prefix: 32},
			{Name: "eth0", Link: "vnet6695eb01f6a", MAC: "52:54:00:00:00:01", Address: "192.0.2.7", Prefix: 32},
		}, nil
	}
	return []client.InterfaceAddress{
		{Name: "eth0", Link: "vnet0", MAC: "52:54:00:00:00:01", Address: "192.0.2.7", Prefix: 24},
		{Name: "eth0", Link: "vnet0", MAC: "52:54:00:00:00:01", Address: "2001:db8::7", Prefix: 64},
	}, nil
}

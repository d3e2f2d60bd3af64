package service

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"syscall"

	"github.com/berthd/berth/internal/figures"
	"github.com/berthd/berth/internal/guest"
	"github.com/berthd/berth/internal/plan"
)

type linksFake struct{ *daemon }

func (d linksFake) Make(_ context.Context, netns *os.File, list []plan.Interface) (indices []int32, err error) {
	if _, err := netns.Stat(); err != nil {
		return nil, err
	}
	if err := d.call("links.Make"); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range list {
		name := list[i].Host.Name
		if name == "" {
			continue
		}
		if _, taken := d.links[name]; taken {
			return nil, syscall.EEXIST
		}
		d.links[name] = list[i].Host.Alias
		indices = append(indices, int32(len(d.links)))
		if shaper := list[i].Host.Shaper.Name; shaper != "" {
			d.links[shaper] = list[i].Host.Alias
		}
	}
	return indices, nil
}

func (d linksFake) Remove(list []Link) error {
	err := d.call("links.Remove")
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, l := range list {
		if d.links[l.Name] == l.Alias {
			delete(d.links, l.Name)
		}
	}
	return err
}

func (d linksFake) IsHosts(*os.File) (bool, error) { return d.hostNetwork, d.call("links.IsHosts") }

func (d linksFake) RemoveInside(*os.File, plan.Interface, []plan.Interface) error {
	return d.call("links.RemoveInside")
}

func (d linksFake) Update(_ context.Context, _ *os.File, was, i plan.Interface) error {
	if err := d.call("links.Update"); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if was.Host.Shaper.Name != i.Host.Shaper.Name {
		delete(d.links, was.Host.Shaper.Name)
		if name := i.Host.Shaper.Name; name != "" {
			d.links[name] = i.Host.Alias
		}
	}
	return nil
}

// FindNICs finds each NIC that the host has and no container.
func (d linksFake) FindNICs(list []plan.NIC) (found []NIC, err error) {
	if err := d.call("links.FindNICs"); err != nil {
		return nil, err
	}
	for _, n := range list {
		found = append(found, NIC{Name: n.Name, Spare: n.Spare})
	}
	return found, nil
}

func (d linksFake) TakeNICs(_ context.Context, _ *os.File, pin string, _ []plan.NIC, nics []NIC) error {
	if err := d.call("links.TakeNICs"); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.links[pin] = "pinned"
	for _, n := range nics {
		d.links[n.Name] = "moved"
	}
	return nil
}

func (d linksFake) GiveBackNICs(pin string, nics []NIC) error {
	err := d.call("links.GiveBackNICs")
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.links, pin)
	for _, n := range nics {
		delete(d.links, n.Name)
	}
	return err
}

// Counters has 1, 2, 3 and so on of each link of the host, and of those in the network namespace of a process, which
// are eth0 and eth1.
func (d linksFake) Counters(pid uint32) (map[string]figures.Interface, error) {
	if err := d.call("links.Counters"); err != nil {
		return nil, err
	}
	counted := figures.Interface{Receive: figures.Traffic{Bytes: 1, Packets: 2, Errors: 3, Drops: 4}, Transmit: figures.Traffic{Bytes: 5, Packets: 6, Errors: 7, Drops: 8}}
	if pid != 0 {
		return map[string]figures.Interface{"eth0": counted, "eth1": counted}, nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	all := map[string]figures.Interface{}
	for name := range d.links {
		all[name] = counted
	}
	return all, nil
}

type bridgesFake map[string]string

func (b bridgesFake) Bridge(network string) (string, error) {
	if bridge, known := b[network]; known {
		return bridge, nil
	}
	return "", fmt.Errorf("%w: %q", ErrNoNetwork, network)
}

// Leases has one address for each host that has the MAC address of a bridge's name.
func (b bridgesFake) Leases(_ context.Context, network string) ([]NetworkLease, error) {
	if _, known := b[network]; !known {
		return nil, fmt.Errorf("%w: %q", ErrNoNetwork, network)
	}
	return []NetworkLease{{MAC: "52:54:00:00:00:01", Address: netip.MustParsePrefix("192.0.2.7/24")}}, nil
}

func (d linksFake) Addresses(*os.File) ([]guest.Interface, error) {
	return []guest.Interface{{Name: "lo", Addresses: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/8")}}}, d.call("links.Addresses")
}

func (d linksFake) Neighbours() (map[string][]netip.Prefix, error) {
	return map[string][]netip.Prefix{"52:54:00:00:00:01": {netip.MustParsePrefix("2001:db8::7/128")}}, d.call("links.Neighbours")
}

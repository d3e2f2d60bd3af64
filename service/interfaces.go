package service

import (
	"context"
	"net/netip"

	"github.com/berthd/berth/internal/domain"
)

// InterfaceInfo is an interface of a definition, with what can change while the container runs.
type InterfaceInfo struct {
	Interface

	LinkState string // "up" or "down"
	Bandwidth domain.IfaceBandwidth
}

// LinkChange is a change of an interface. What is nil stays.
type LinkChange struct {
	State   *string
	In, Out *domain.Rate // one of zeros takes the limit away
}

// Interfaces returns the interfaces of the running container, or of its stored definition: the same choice as for
// SetInterface, but not both. It returns a StateError if the container is off and shall be read live, and ErrTransient
// if there is no stored definition.
func (s *Service) Interfaces(u domain.UUID, o TuneOptions) (list []InterfaceInfo, err error) {
	c, err := s.find(u)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	def, _, err := c.readable(opPlug, o)
	if err != nil {
		return nil, err
	}
	for n, i := range interfacesOf(def) {
		one := &def.Interfaces[n]
		state := domain.LinkUp
		if one.Link == domain.LinkDown {
			state = domain.LinkDown
		}
		list = append(list, InterfaceInfo{Interface: i, LinkState: state, Bandwidth: one.Bandwidth})
	}
	return list, nil
}

// SetInterface changes an interface, by a name or its MAC address. Besides the errors of UpdateDevice it returns a
// *domain.Error of the kind NoDevice if there is none.
func (s *Service) SetInterface(ctx context.Context, u domain.UUID, name string, change LinkChange, o TuneOptions) error {
	return s.changeDevices(ctx, u, PlugUpdate, o, func(p *plugging, d *domain.Def, running bool) (*domain.Def, error) {
		at, err := d.FindInterface(name)
		if err != nil && p.device.Interface != nil { // the stored one is known by another name
			at, err = d.Find(domain.Device{Interface: &domain.Interface{MAC: p.device.Interface.MAC}})
		}
		if err != nil {
			return nil, err
		}
		v := d.Device(at)
		if change.State != nil {
			v.Interface.Link = *change.State
		}
		if change.In != nil {
			v.Interface.Bandwidth.In = *change.In
		}
		if change.Out != nil {
			v.Interface.Bandwidth.Out = *change.Out
		}
		next, err := d.Replaced(at, v, running)
		if err == nil && running {
			p.old, p.device, p.alias = d.Device(at), next.Device(at), d.AliasOf(at)
		}
		return next, err
	})
}

// AddressSource says where addresses of interfaces are looked for.
type AddressSource string

// The sources, by virsh's words.
const (
	AddressLease AddressSource = "lease" // what DHCP has given, in the networks that Berth serves
	AddressARP   AddressSource = "arp"   // what the host has heard of its neighbours
	AddressAgent AddressSource = "agent" // what the links in the container have, as an agent in it would say
)

// InterfaceAddress is an address of an interface of a running container. One of a link in the container has the name
// and the MAC address of that; without any address the link is there once, with the zero Address.
type InterfaceAddress struct {
	Interface Interface
	Address   netip.Prefix
}

// Addresses returns the addresses of the interfaces of a running container, as somebody outside knows them, or as the
// container does. It returns a StateError if the container is off.
func (s *Service) Addresses(ctx context.Context, u domain.UUID, from AddressSource) (list []InterfaceAddress, err error) {
	if from == AddressAgent {
		return s.insideAddresses(ctx, u)
	}
	interfaces, err := s.Interfaces(u, TuneOptions{Live: true})
	if err != nil {
		return nil, err
	}
	known, err := s.addressesOf(ctx, interfaces, from)
	if err != nil {
		return nil, err
	}
	for _, i := range interfaces {
		for _, a := range known[i.MAC] {
			list = append(list, InterfaceAddress{i.Interface, a})
		}
	}
	return list, nil
}

// insideAddresses returns those of the links in the container.
func (s *Service) insideAddresses(ctx context.Context, u domain.UUID) (list []InterfaceAddress, err error) {
	links, err := s.GuestInterfaces(ctx, u)
	for _, link := range links {
		i := Interface{Name: link.Name, MAC: link.MAC}
		for _, a := range link.Addresses {
			list = append(list, InterfaceAddress{i, a})
		}
		if len(link.Addresses) == 0 {
			list = append(list, InterfaceAddress{Interface: i})
		}
	}
	return list, err
}

// addressesOf returns addresses by the MAC addresses of their interfaces.
func (s *Service) addressesOf(ctx context.Context, interfaces []InterfaceInfo, from AddressSource) (map[string][]netip.Prefix, error) {
	if from == AddressARP {
		return s.Links.Neighbours()
	}
	known := map[string][]netip.Prefix{}
	asked := map[string]bool{}
	for _, i := range interfaces {
		if i.Type != string(domain.InterfaceNetwork) || asked[i.Source] {
			continue
		}
		asked[i.Source] = true
		leases, err := s.Bridges.Leases(ctx, i.Source)
		if err != nil {
			return nil, err
		}
		for _, l := range leases {
			known[l.MAC] = append(known[l.MAC], l.Address)
		}
	}
	return known, nil
}

package service

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/figures"
	"github.com/berthd/berth/internal/guest"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/planner"
)

// Link is a link on the host that an interface has: its end, or the one that limits it. The alias and the MAC address
// prove that a link of this name is the run's.
type Link struct {
	Name   string `json:"name"`
	MAC    string `json:"mac"`
	Alias  string `json:"alias"`
	Bridge string `json:"bridge,omitempty"` // that it is a port of, for readers
	Kind   string `json:"kind,omitempty"`   // the kernel's word; "" means veth
}

// NIC is a network interface of the host that a run has. The kind, the device and the permanent address, which the
// container cannot change, tell which one it is; without a device its number does, which it keeps. The rest is what it
// gets again on the host.
type NIC struct {
	Name      string `json:"name"`
	Spare     string `json:"spare"` // its name while it is given back
	Index     int32  `json:"index"`
	Kind      string `json:"kind"`                // the kernel's word
	Device    string `json:"device,omitempty"`    // that drives it, such as pci/0000:00:03.0
	Permanent string `json:"permanent,omitempty"` // MAC address
	MAC       string `json:"mac"`
	MTU       int    `json:"mtu"`
	Up        bool   `json:"up,omitempty"`
}

// shaperKind is the kernel's word for the links that limit what an interface sends.
const shaperKind = "ifb"

// Links makes the interfaces of containers.
type Links interface {
	// Make makes interfaces in a network namespace. It returns the indices of the host links by which they are reached:
	// the bridges, or the host ends that are on none. If it fails, nothing is left on the host; a *domain.Error then names
	// the element.
	Make(ctx context.Context, netns *os.File, list []plan.Interface) ([]int32, error)
	// Remove removes links on the host. It leaves a link alone that is not proven to be the run's. A missing one is no
	// error.
	Remove(list []Link) error
	// FindNICs returns the note of each NIC. It returns a *domain.Error, which names the element, if the host lacks one
	// or cannot do without it.
	FindNICs(list []plan.NIC) ([]NIC, error)
	// TakeNICs moves NICs into a network namespace that is fresh, and pins that at a path. If it fails, the host has them.
	TakeNICs(ctx context.Context, netns *os.File, pin string, list []plan.NIC, nics []NIC) error
	// GiveBackNICs moves NICs back to the host, as they were, and unpins the namespace. Those that never left or are back
	// are no error, but one that is gone is.
	GiveBackNICs(pin string, nics []NIC) error
	// IsHosts reports whether a network namespace is the host's.
	IsHosts(netns *os.File) (bool, error)
	// RemoveInside removes an interface without an end on the host from a network namespace, and no other one. A missing
	// one is no error.
	RemoveInside(netns *os.File, i plan.Interface, others []plan.Interface) error
	// Update gives an interface of a running container what another plan of it says: the MAC address, bridge, isolation,
	// VLANs, limits and link state. If it fails, the interface is as it was; a *domain.Error then names the element.
	Update(ctx context.Context, netns *os.File, was, i plan.Interface) error
	// Neighbours returns the addresses that the host has heard of on its links, by their MAC addresses. They have no
	// prefix: that of a single address stands for it.
	Neighbours() (map[string][]netip.Prefix, error)
	// Addresses returns the links in a network namespace, with their addresses.
	Addresses(netns *os.File) ([]guest.Interface, error)
	// Counters returns what the links in the network namespace of a process have counted, by their names. 0 is the
	// host's namespace. It takes no lock of the kernel, and waits for nothing. It returns fs.ErrNotExist if the process
	// has ended.
	Counters(pid uint32) (map[string]figures.Interface, error)
}

// Bridges is what the start of a container needs of the host's networks. *Networks implements it.
type Bridges interface {
	// Bridge returns the bridge of an active network. It makes no system call for a network that berthd has started.
	// It returns ErrNoNetwork if there is no network of this name, and a *NetworkStateError if it is not active. Both
	// texts name the network; the caller says in which element its name is.
	Bridge(name string) (bridge string, err error)
	// Reach returns what ports of a container need to know of an active network. mac is the container's address.
	Reach(name, mac string) (NetworkReach, error)
	// Leases returns the addresses that hosts in an active network have by DHCP.
	Leases(ctx context.Context, name string) ([]NetworkLease, error)
}

// links are the interfaces. The kernel removes them too, some time after the last process of the container has ended.
type links struct{ *Service }

// planLinks plans the interfaces, and enters into the note which links on the host the run is about to have. It returns
// a *domain.Error if a network is not there.
func (s *Service) planLinks(st *start) error {
	st.net = planner.Net(st.def)
	if len(st.net.NICs) > 0 {
		var err error
		if st.NICs, err = s.Links.FindNICs(st.net.NICs); err != nil {
			return err
		}
	}
	for n := range st.net.Interfaces {
		i := &st.net.Interfaces[n]
		if err := s.resolve(i); err != nil {
			return err
		}
		st.Links = append(st.Links, linksOf(i)...)
		ports, err := s.planForwards(i)
		if err != nil {
			return err
		}
		st.Ports = append(st.Ports, ports...)
	}
	return nil
}

// linksOf returns the note of the links that an interface has on the host.
func linksOf(i *plan.Interface) (list []Link) {
	if i.Host.Name != "" {
		list = append(list, Link{Name: i.Host.Name, MAC: i.Host.MAC, Alias: i.Host.Alias, Bridge: i.Host.Bridge})
	}
	if shaper := i.Host.Shaper; shaper.Name != "" {
		list = append(list, Link{Name: shaper.Name, MAC: shaper.MAC, Alias: i.Host.Alias, Kind: shaperKind})
	}
	return list
}

// resolve finds the bridge of an interface's network.
func (s *Service) resolve(i *plan.Interface) (err error) {
	if i.Host.Network == "" {
		return nil
	}
	if i.Host.Bridge, err = s.Bridges.Bridge(i.Host.Network); err != nil {
		return &domain.Error{Kind: domain.InvalidConfig, Element: i.Element + "/source@network", Text: err.Error()}
	}
	return nil
}

// bridges returns the bridges that the host ends of the interfaces are ports of, by their names.
func (r *Run) bridges() map[string]string {
	if len(r.Links) == 0 {
		return nil
	}
	ports := make(map[string]string, len(r.Links))
	for _, l := range r.Links {
		if l.Kind != "" {
			continue
		}
		ports[l.Name] = l.Bridge
	}
	return ports
}

func (p links) acquire(ctx context.Context, st *start) error {
	if len(st.net.Interfaces)+len(st.NICs) == 0 {
		return nil
	}
	netns, err := st.starting.Namespace("net")
	if err != nil {
		return err
	}
	defer func() { _ = netns.Close() }()
	if len(st.NICs) > 0 { // before others have their numbers
		if err := p.Links.TakeNICs(ctx, netns, p.pin(&st.Run), st.net.NICs, st.NICs); err != nil {
			return err
		}
	}
	if len(st.net.Interfaces) == 0 {
		return nil
	}
	if st.links, err = p.Links.Make(ctx, netns, st.net.Interfaces); err != nil && len(st.NICs) > 0 {
		err = errors.Join(err, p.Links.GiveBackNICs(p.pin(&st.Run), st.NICs))
	}
	return err
}

func (p links) release(_ context.Context, r *Run) error {
	var errs []error
	if len(r.Links) > 0 {
		errs = append(errs, p.Links.Remove(r.Links))
	}
	if len(r.NICs) > 0 {
		errs = append(errs, p.Links.GiveBackNICs(p.pin(r), r.NICs))
	}
	return errors.Join(errs...)
}

// pin is the file of the network namespace of a run with NICs of the host. It keeps the namespace, and them in it,
// until they are given back, whichever process dies.
func (s *Service) pin(r *Run) string { return filepath.Join(s.Runs.Dir(r.UUID), "netns") }

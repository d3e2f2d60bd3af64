package service

import (
	"context"
	"os"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/figures"
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

// shaperKind is the kernel's word for the links that limit what an interface sends.
const shaperKind = "ifb"

// Links makes the interfaces of containers.
type Links interface {
	// Make makes interfaces in a network namespace. It returns the indices of the host's ends. If it fails, nothing is
	// left on the host; a *domain.Error then names the element.
	Make(ctx context.Context, netns *os.File, list []plan.Interface) ([]int32, error)
	// Remove removes links on the host. It leaves a link alone that is not proven to be the run's. A missing one is no error.
	Remove(list []Link) error
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
}

// links are the interfaces. The kernel removes them too, some time after the last process of the container has ended.
type links struct{ *Service }

// planLinks plans the interfaces, and enters into the note which links on the host the run is about to have. It returns
// a *domain.Error if a network is not there.
func (s *Service) planLinks(st *start) error {
	st.net = planner.Net(st.def)
	for n := range st.net.Interfaces {
		i := &st.net.Interfaces[n]
		if err := s.resolve(i); err != nil {
			return err
		}
		if i.Host.Name != "" {
			st.Links = append(st.Links, Link{Name: i.Host.Name, MAC: i.Host.MAC, Alias: i.Host.Alias, Bridge: i.Host.Bridge})
		}
		if shaper := i.Host.Shaper; shaper.Name != "" {
			st.Links = append(st.Links, Link{Name: shaper.Name, MAC: shaper.MAC, Alias: i.Host.Alias, Kind: shaperKind})
		}
	}
	return nil
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
	if len(st.net.Interfaces) == 0 {
		return nil
	}
	netns, err := st.starting.Namespace("net")
	if err != nil {
		return err
	}
	defer func() { _ = netns.Close() }()
	st.links, err = p.Links.Make(ctx, netns, st.net.Interfaces)
	return err
}

func (p links) release(_ context.Context, r *Run) error {
	if len(r.Links) == 0 {
		return nil
	}
	return p.Links.Remove(r.Links)
}

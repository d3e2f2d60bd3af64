package service

import (
	"context"
	"errors"
	"os"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
)

// Link is the host's end of an interface. The alias and the MAC address prove that a link of this name is the run's.
type Link struct {
	Name  string `json:"name"`
	MAC   string `json:"mac"`
	Alias string `json:"alias"`
}

// Links makes the interfaces of containers.
type Links interface {
	// Make makes interfaces in a network namespace. It returns the indices of the host's ends. If it fails, nothing is left on the
	// host; a *domain.Error then names the element.
	Make(ctx context.Context, netns *os.File, list []plan.Interface) ([]int32, error)
	// Remove removes the host's ends. It leaves a link alone that is not proven to be the run's. A missing one is no error.
	Remove(list []Link) error
}

// Bridges knows the networks that interfaces of the type network name.
type Bridges interface {
	// Bridge returns the bridge of a network. Its error names the network.
	Bridge(network string) (bridge string, err error)
}

// noNetworks is a host without networks.
type noNetworks struct{}

func (noNetworks) Bridge(network string) (string, error) {
	return "", errors.New("no network with matching name '" + network + "'")
}

// links are the interfaces. The kernel removes them too, some time after the last process of the container has ended.
type links struct{ *Service }

// noteLinks enters into the note which links on the host the run is about to have.
func (st *start) noteLinks() {
	for i := range st.net.Interfaces {
		if end := st.net.Interfaces[i].Host; end.Name != "" {
			st.Links = append(st.Links, Link{Name: end.Name, MAC: end.MAC, Alias: end.Alias})
		}
	}
}

func (p links) acquire(ctx context.Context, st *start) error {
	if len(st.net.Interfaces) == 0 {
		return nil
	}
	for i := range st.net.Interfaces {
		if err := p.resolve(&st.net.Interfaces[i]); err != nil {
			return err
		}
	}
	netns, err := st.starting.Namespace("net")
	if err != nil {
		return err
	}
	defer func() { _ = netns.Close() }()
	st.links, err = p.Links.Make(ctx, netns, st.net.Interfaces)
	return err
}

// resolve finds the bridge of an interface's network.
func (p links) resolve(i *plan.Interface) (err error) {
	if i.Host.Network == "" {
		return nil
	}
	if i.Host.Bridge, err = p.Bridges.Bridge(i.Host.Network); err != nil {
		return &domain.Error{Kind: domain.InvalidConfig, Element: i.Element + "/source@network", Text: err.Error()}
	}
	return nil
}

func (p links) release(_ context.Context, r *Run) error {
	if len(r.Links) == 0 {
		return nil
	}
	return p.Links.Remove(r.Links)
}

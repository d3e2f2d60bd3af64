package service

import (
	"context"
	"errors"
	"os"
	"slices"
	"strconv"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/planner"
)

// plugInterface is how interfaces come and go: made in the container's network namespace as a start makes them, with
// their names, addresses and routes, and up.
func (s *Service) plugInterface() plugKind {
	return plugKind{
		check: s.checkPlug,
		steps: []plugStep{
			{name: "link note", do: s.noteLinks, undo: s.forgetLinks},
			{name: "link", do: s.makeLink, undo: s.removeLink},
			{name: "ports", do: s.openPorts, undo: s.closePorts},
		},
		update: s.updateLink,
	}
}

// planOf plans an interface of the running container. It has the number that names its links, also if the definition
// that it is of does not tell that.
func (p *plugging) planOf(v domain.Device) (*plan.Interface, error) {
	i := *v.Interface
	if i.Alias.Run == "" {
		at, err := p.c.live.FindAlias(p.alias, true)
		if err != nil {
			return nil, err
		}
		i.Alias.Run, i.Actual = "net"+strconv.Itoa(p.c.live.LinkNumber(at.Index)), p.c.live.GuestLinks()[at.Index]
	}
	one := planner.Net(&domain.Def{UUID: p.c.run.UUID, Interfaces: []domain.Interface{i}}).Interfaces[0]
	return &one, nil
}

// resolved plans an interface, and finds the bridge of its network.
func (p *plugging) resolved(v domain.Device) (*plan.Interface, error) {
	i, err := p.planOf(v)
	if err == nil {
		err = p.service.resolve(i)
	}
	return i, err
}

// network opens the network namespace of the container. It returns os.ErrProcessDone if init has ended.
func (p *plugging) network() (*os.File, error) {
	if p.c.run.supervisor == nil {
		return nil, errNotAnswering
	}
	return p.c.run.supervisor.Namespace("net")
}

// checkPlug finds out what would fail, before anything is done. A container in the host's network gets no interface: it
// would be the host's.
func (s *Service) checkPlug(_ context.Context, p *plugging) error {
	switch p.op {
	case PlugDetach:
		return nil
	case PlugUpdate:
		if err := changeable(p.old.Interface, p.device.Interface); err != nil {
			return err
		}
	case PlugAttach:
	}
	if _, err := p.resolved(p.device); err != nil {
		return err
	}
	netns, err := p.network()
	if err != nil {
		return err
	}
	defer func() { _ = netns.Close() }()
	if hosts, err := s.Links.IsHosts(netns); err != nil || hosts {
		if err == nil {
			err = &domain.Error{
				Kind: domain.InvalidConfig, Element: "interface",
				Text: "the container has the host's network; it has one of its own with <privnet/>, or an interface, when it starts",
			}
		}
		return err
	}
	return nil
}

// noteLinks notes the links that the container is about to have on the host. The caller saves the note.
func (s *Service) noteLinks(_ context.Context, p *plugging) error {
	i, err := p.resolved(p.device)
	if err == nil {
		p.c.run.Links = slices.Concat(p.c.run.Links, linksOf(i))
		err = s.Runs.Save(p.c.run.Run)
	}
	return err
}

func (s *Service) forgetLinks(_ context.Context, p *plugging) error {
	i, err := p.planOf(p.device)
	if err == nil {
		p.c.run.Links = withoutLinks(p.c.run.Links, linksOf(i))
	}
	return err
}

// withoutLinks returns the links that have not the name of any other.
func withoutLinks(list, others []Link) []Link {
	return slices.DeleteFunc(slices.Clone(list), func(l Link) bool {
		return slices.ContainsFunc(others, func(other Link) bool { return other.Name == l.Name })
	})
}

func (s *Service) makeLink(ctx context.Context, p *plugging) error {
	i, err := p.resolved(p.device)
	if err != nil {
		return err
	}
	netns, err := p.network()
	if err != nil {
		return err
	}
	defer func() { _ = netns.Close() }()
	_, err = s.Links.Make(ctx, netns, []plan.Interface{*i})
	return err
}

// removeLink removes an interface by its end on the host, if it has one. With init, the others have gone.
func (s *Service) removeLink(_ context.Context, p *plugging) error {
	i, err := p.planOf(p.device)
	if err != nil {
		return err
	}
	if i.Host.Name != "" {
		return s.Links.Remove(linksOf(i))
	}
	netns, err := p.network()
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = netns.Close() }()
	return s.Links.RemoveInside(netns, *i, p.others(i))
}

// others returns the plans of the container's other interfaces on the same link of the host.
func (p *plugging) others(i *plan.Interface) []plan.Interface {
	return slices.DeleteFunc(planner.Net(p.c.live).Interfaces, func(o plan.Interface) bool {
		return o.Parent != i.Parent || o.Name == i.Name
	})
}

// updateLink changes an interface. Its note has the links of both from before the change until the change is done.
func (s *Service) updateLink(ctx context.Context, p *plugging, before, after domain.Device) error {
	was, err := p.planOf(before)
	if err != nil {
		return err
	}
	i, err := p.resolved(after)
	if err != nil {
		return err
	}
	if err := s.resolve(was); err != nil { // its network is off now
		was.Host.Bridge = ""
	}
	netns, err := p.network()
	if err != nil {
		return err
	}
	defer func() { _ = netns.Close() }()
	r := p.c.run
	others := withoutLinks(withoutLinks(r.Links, linksOf(was)), linksOf(i))
	r.Links = slices.Concat(others, linksOf(i), withoutLinks(linksOf(was), linksOf(i)))
	err = s.Runs.Save(r.Run)
	if err == nil {
		err = s.Links.Update(ctx, netns, *was, *i)
	}
	if err != nil {
		r.Links = slices.Concat(others, linksOf(was))
		return err
	}
	r.Links = slices.Concat(others, linksOf(i))
	return nil
}

// changeable returns an error that names the first element in which two interfaces differ and that a running
// container's cannot change.
func changeable(was, i *domain.Interface) error {
	for _, part := range []struct {
		element string
		same    bool
	}{
		{"@type", was.Type == i.Type || isPort(was.Type) && isPort(i.Type)},
		{"/source", isPort(was.Type) && len(was.Forwards) == 0 || was.Source == i.Source && was.Mode == i.Mode},
		{"/mac@address", len(was.Forwards) == 0 || was.MAC == i.MAC}, // a lease is known by it
		{"/berth:port", slices.Equal(was.Forwards, i.Forwards)},
		{"/target@dev", was.Target == i.Target},
		{"/guest@dev", was.Guest == i.Guest},
		{"/mtu@size", was.MTU == i.MTU},
		{"/ip", slices.Equal(was.IPs, i.IPs)},
		{"/route", slices.Equal(was.Routes, i.Routes)},
	} {
		if !part.same {
			return &domain.Error{
				Kind: domain.InvalidConfig, Element: "interface" + part.element,
				Text: "it cannot change while the container runs; detach the interface and attach it anew, or change the stored definition",
			}
		}
	}
	return nil
}

// isPort reports whether interfaces of a type are ports of a bridge.
func isPort(t domain.InterfaceType) bool {
	return t == domain.InterfaceBridge || t == domain.InterfaceNetwork
}

package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"sync"
	"syscall"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
)

// forwarded are the ports of the host that runs hold. Its map changes only with the container of the run locked.
type forwarded struct {
	mu     sync.Mutex
	runs   map[domain.UUID]*forwardedRun
	tables func() // ends the watch of our table, which goes on while there is a run
	leases func() // the same for leases, while a run has an address by DHCP
}

// forwardedRun is what one run holds in this daemon.
type forwardedRun struct {
	name string
	list []Forward
	held io.Closer
}

// forwards are the ports of the host that are forwarded to the container.
type forwards struct{ *Service }

// planForwards plans the ports of an interface. It returns a *domain.Error if the container has no address that they
// can be forwarded to.
func (s *Service) planForwards(i *plan.Interface) (list []Forward, err error) {
	if len(i.Ports) == 0 {
		return nil, nil
	}
	link := i.Host.Bridge
	if link == "" {
		link = i.Host.Name
	}
	var reach NetworkReach
	if i.Host.Network != "" {
		if reach, err = s.Bridges.Reach(i.Host.Network, i.MAC); err != nil {
			return nil, &domain.Error{Kind: domain.InvalidConfig, Element: i.Element + "/source@network", Text: err.Error()}
		}
	}
	for n, p := range i.Ports {
		at := i.Element + "/berth:port"
		if len(i.Ports) > 1 {
			at += "[" + strconv.Itoa(n+1) + "]"
		}
		f := Forward{Element: at, Proto: p.Proto, Address: p.Address, Host: p.Host, Guest: p.Guest, To4: p.To4, To6: p.To6, Link: link}
		if why := f.find(reach, i); why != "" {
			return nil, &domain.Error{Kind: domain.InvalidConfig, Element: at, Text: why}
		}
		list = append(list, f)
	}
	return list, nil
}

// find completes a port with the address that the network gives the container. It returns why there is none.
func (f *Forward) find(reach NetworkReach, i *plan.Interface) (why string) {
	host, _ := netip.ParseAddr(f.Address)
	switch {
	case reach.Isolated:
		return "the network '" + i.Host.Network + "' is isolated, and lets nothing in from outside"
	case f.To4 != "", f.To6 != "":
	case host.Is6():
		return "the interface has no <ip> of IPv6, and the host does not learn which one the container chooses"
	case reach.Known.Is4():
		f.To4 = reach.Known.String()
	case reach.DHCP:
		f.Network, f.MAC = i.Host.Network, i.MAC
	default:
		return "the interface has no <ip>, and Berth does not learn which addresses the network '" + i.Host.Network + "' gives; " +
			"a <host mac='" + i.MAC + "' ip=''/> of the network says it, too"
	}
	return ""
}

func (p forwards) acquire(_ context.Context, st *start) error {
	if len(st.Ports) == 0 {
		return nil
	}
	if err := p.hold(st.name, &st.Run); err != nil {
		return err
	}
	if err := p.Forwards.Open(st.UUID.String(), st.Ports); err != nil {
		return errors.Join(err, p.release(detached(), &st.Run))
	}
	p.askLeases(st.Ports)
	return nil
}

func (p forwards) release(_ context.Context, r *Run) error {
	if len(r.Ports) == 0 {
		return nil
	}
	p.letGo(r.UUID)
	return p.Forwards.Close(r.UUID.String(), r.Ports)
}

// hold reserves the ports of a run, and gives up what it has reserved for it before. It returns a *domain.Error, which
// names the element, if one is taken.
func (s *Service) hold(name string, r *Run) error {
	s.letGo(r.UUID) // a run before this one may not have been able to close its ports
	if len(r.Ports) == 0 {
		return nil
	}
	s.forwarded.mu.Lock()
	for u, other := range s.forwarded.runs {
		if at, double := overlap(r.Ports, other.list); double && u != r.UUID {
			s.forwarded.mu.Unlock()
			return taken(&r.Ports[at], "the container '"+other.name+"' has it")
		}
	}
	s.forwarded.mu.Unlock()
	held, at, err := s.Forwards.Reserve(r.Ports)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return taken(&r.Ports[at], "a socket of the host has it")
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return &domain.Error{
			Kind: domain.InvalidConfig, Element: r.Ports[at].Element + "@address", Text: "the host has no address " + r.Ports[at].Address,
		}
	case err != nil:
		return fmt.Errorf("%s: %w", r.Ports[at].Element, err)
	}
	s.enterForwards(name, r, held)
	return nil
}

func (s *Service) enterForwards(name string, r *Run, held io.Closer) {
	s.forwarded.mu.Lock()
	defer s.forwarded.mu.Unlock()
	if s.forwarded.runs == nil {
		s.forwarded.runs = map[domain.UUID]*forwardedRun{}
	}
	s.forwarded.runs[r.UUID] = &forwardedRun{name: name, list: r.Ports, held: held}
	s.watchForwards()
}

// resumeForwards goes on with the ports of a run of an earlier daemon. A port that a program of the host has got
// meanwhile is forwarded all the same. The caller has the container locked.
func (s *Service) resumeForwards(name string, r *Run) {
	if len(r.Ports) == 0 {
		return
	}
	if err := s.hold(name, r); err != nil {
		s.Log.Warn("ports of a container", r.who(), "err", err)
		s.enterForwards(name, r, nil)
	}
	if err := s.Forwards.Open(r.UUID.String(), r.Ports); err != nil {
		s.Log.Error("ports of a container", r.who(), "err", err)
	}
	s.askLeases(r.Ports)
}

func taken(f *Forward, why string) error {
	return &domain.Error{
		Kind: domain.InvalidConfig, Element: f.Element + "@host", Text: fmt.Sprintf("the host's port %s %d is in use: %s", f.Proto, f.Host, why),
	}
}

// letGo gives up the reservation of a run's ports.
func (s *Service) letGo(u domain.UUID) {
	s.forwarded.mu.Lock()
	defer s.forwarded.mu.Unlock()
	entry := s.forwarded.runs[u]
	if entry == nil {
		return // an earlier daemon's
	}
	delete(s.forwarded.runs, u)
	if entry.held != nil {
		_ = entry.held.Close()
	}
	s.watchForwards()
}

// overlap finds a port of the first list that is also in the second one.
func overlap(list, others []Forward) (at int, double bool) {
	for at := range list {
		for _, o := range others {
			if list[at].Proto == o.Proto && list[at].Host == o.Host &&
				(list[at].Address == "" || o.Address == "" || list[at].Address == o.Address) {
				return at, true
			}
		}
	}
	return 0, false
}

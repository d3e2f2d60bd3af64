package service

import (
	"context"
	"slices"

	"github.com/berthd/berth/internal/domain"
)

// watchForwards begins and ends the watches that the present runs with ports need. The caller holds forwarded.mu.
func (s *Service) watchForwards() {
	f := &s.forwarded
	waits := false
	for _, entry := range f.runs {
		waits = waits || slices.ContainsFunc(entry.list, func(p Forward) bool { return p.Network != "" })
	}
	watch := func(stop *func(), wanted bool, begin func(func()) (func(), error), then func()) {
		switch {
		case wanted && *stop == nil:
			var err error
			if *stop, err = begin(then); err != nil {
				s.Log.Warn("changes that concern ports of containers are not seen", "err", err)
			}
		case !wanted && *stop != nil:
			(*stop)()
			*stop = nil
		}
	}
	watch(&f.tables, len(f.runs) > 0, s.Forwards.WatchFilter, s.forwardAgain)
	watch(&f.leases, waits, s.Forwards.WatchLeases, s.leasesChanged)
}

// forwardAgain forwards all ports again, after somebody has removed our table of the packet filter.
func (s *Service) forwardAgain() {
	s.eachForwarded(func(r *Run) bool { return len(r.Ports) > 0 }, func(_ string, r *Run) error {
		return s.Forwards.Open(r.UUID.String(), r.Ports)
	})
}

// leasesChanged finds the addresses that containers with ports have got by DHCP.
func (s *Service) leasesChanged() {
	s.eachForwarded(func(r *Run) bool {
		return slices.ContainsFunc(r.Ports, func(p Forward) bool { return p.Network != "" })
	}, s.followLeases)
}

// askLeases looks for the leases of a run, if it waits for one: the container may have had one already.
func (s *Service) askLeases(list []Forward) {
	if slices.ContainsFunc(list, func(p Forward) bool { return p.Network != "" }) {
		s.leasesChanged()
	}
}

// eachForwarded calls do for each run with ports that concerns, with its container locked, and does not wait for that.
func (s *Service) eachForwarded(concerns func(*Run) bool, do func(name string, r *Run) error) {
	s.forwarded.mu.Lock()
	defer s.forwarded.mu.Unlock()
	for u := range s.forwarded.runs {
		c, err := s.find(u)
		if err != nil {
			continue
		}
		s.work.Go(func() {
			_ = c.lock(detached())
			defer c.unlock()
			if c.run == nil || !concerns(&c.run.Run) || !s.forwards(u) {
				return
			}
			if err := do(c.snapshot().Name, &c.run.Run); err != nil {
				s.Log.Error("ports of a container", c.who(), "err", err)
			}
		})
	}
}

// forwards reports whether a run holds its ports.
func (s *Service) forwards(u domain.UUID) bool {
	s.forwarded.mu.Lock()
	defer s.forwarded.mu.Unlock()
	return s.forwarded.runs[u] != nil
}

// followLeases forwards the ports of a run to the addresses that its container has now. The note has them first, so
// that a later daemon knows them.
func (s *Service) followLeases(name string, r *Run) error {
	ctx, cancel := limited(detached(), supervisorLimit)
	defer cancel()
	list, err := s.leased(ctx, r.Ports)
	if err != nil || slices.Equal(list, r.Ports) {
		return timedOut(ctx, err)
	}
	before := r.Ports
	r.Ports = list
	if err := s.Runs.Save(*r); err != nil {
		r.Ports = before
		return err
	}
	s.forwarded.mu.Lock()
	s.forwarded.runs[r.UUID].list = list
	s.forwarded.mu.Unlock()
	if err := s.Forwards.Close(r.UUID.String(), before); err != nil {
		return err
	}
	s.Log.Info("ports are forwarded to the address that the container got", r.who())
	return s.Forwards.Open(r.UUID.String(), list)
}

// leased returns ports with the addresses that their containers have by DHCP. One stays as long as it is the
// container's: another host in the network could ask for a second one with the same MAC address.
func (s *Service) leased(ctx context.Context, list []Forward) ([]Forward, error) {
	list = slices.Clone(list)
	for i := range list {
		p := &list[i]
		if p.Network == "" {
			continue
		}
		leases, err := s.Bridges.Leases(ctx, p.Network)
		if err != nil {
			return nil, err
		}
		leases = slices.DeleteFunc(leases, func(l NetworkLease) bool { return l.MAC != p.MAC || !l.Address.Addr().Is4() })
		has := func(l NetworkLease) bool { return l.Address.Addr().String() == p.To4 }
		if len(leases) > 0 && !slices.ContainsFunc(leases, has) {
			p.To4 = leases[0].Address.Addr().String()
		}
	}
	return list, nil
}

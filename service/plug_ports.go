package service

import (
	"context"
	"errors"
	"slices"
)

// openPorts forwards the ports of an interface that the running container gets. They are noted before: the end of the
// run closes what is in the note.
func (s *Service) openPorts(_ context.Context, p *plugging) error {
	i, err := p.resolved(p.device)
	if err != nil {
		return err
	}
	list, err := s.planForwards(i)
	if err != nil || len(list) == 0 {
		return err
	}
	r := &p.c.run.Run
	r.Ports = slices.Concat(r.Ports, list)
	err = s.Runs.Save(*r)
	if err == nil {
		err = s.hold(p.c.snapshot().Name, r)
	}
	if err == nil {
		err = s.Forwards.Open(r.UUID.String(), list)
	}
	if err != nil {
		return errors.Join(err, s.forgetPorts(p, list))
	}
	s.askLeases(list)
	return nil
}

// closePorts ends the forwarding of an interface's ports.
func (s *Service) closePorts(_ context.Context, p *plugging) error {
	i, err := p.planOf(p.device)
	if err != nil {
		return err
	}
	var list []Forward
	for _, f := range p.c.run.Ports {
		for _, o := range i.Ports {
			if f.Proto == o.Proto && f.Host == o.Host && f.Address == o.Address {
				list = append(list, f)
			}
		}
	}
	if len(list) == 0 {
		return nil
	}
	return s.forgetPorts(p, list)
}

// forgetPorts closes ports and takes them out of the note, which the caller saves. Those that the run keeps are closed
// with them, and opened again: connections do not notice, and a new one is refused in between.
func (s *Service) forgetPorts(p *plugging, list []Forward) error {
	r := &p.c.run.Run
	if err := s.Forwards.Close(r.UUID.String(), r.Ports); err != nil {
		return err
	}
	r.Ports = slices.DeleteFunc(slices.Clone(r.Ports), func(f Forward) bool { return slices.Contains(list, f) })
	if err := s.hold(p.c.snapshot().Name, r); err != nil {
		s.enterForwards(p.c.snapshot().Name, r, nil)
		s.Log.Warn("ports of a container", p.c.who(), "err", err)
	}
	if len(r.Ports) == 0 {
		return nil
	}
	return s.Forwards.Open(r.UUID.String(), r.Ports)
}

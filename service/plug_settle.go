package service

import (
	"context"
	"errors"

	"github.com/berthd/berth/internal/domain"
)

// interrupted returns a change that an earlier daemon, or an earlier call, has begun and not ended.
func (s *Service) interrupted(c *container, n *Plug) (p *plugging, err error) {
	p = &plugging{op: n.Op, c: c, service: s, note: n, alias: n.Alias, undone: n.Op != PlugDetach}
	if p.device, err = domain.ParseDevice([]byte(n.Device)); err != nil {
		return nil, err
	}
	if n.Op == PlugUpdate {
		p.old, err = domain.ParseDevice([]byte(n.Old))
	}
	return p, err
}

// settleLive ends an interrupted change.
func (s *Service) settleLive(ctx context.Context, p *plugging) error {
	ctx, cancel := limited(ctx, endTimeout)
	defer cancel()
	kind, err := s.plugKindOf(p.device)
	if err != nil {
		return err
	}
	p.live = p.c.live
	switch p.op {
	case PlugAttach, PlugDetach:
		err = undoAll(ctx, p, kind.steps, nil)
	case PlugUpdate:
		if kind.update != nil {
			err = kind.update(ctx, p, p.device, p.old)
		}
	}
	if err != nil {
		return timedOut(ctx, err)
	}
	if p.op == PlugDetach {
		if at, err := p.live.FindAlias(p.alias, true); err == nil {
			if p.live, err = p.live.Without(at, true); err != nil {
				return err
			}
		}
	}
	if p.liveText, err = p.live.Format(domain.FormatOptions{Run: true}); err != nil {
		return err
	}
	if p.stored, err = settledDefinition(p.c.stored, p); err != nil {
		return err
	}
	if err = s.commit(p); err == nil && p.undone {
		s.auditPlug(p, errUndone)
	} else if err == nil {
		s.auditPlug(p, nil)
	}
	return err
}

var errUndone = errors.New("interrupted")

// settledDefinition returns what an interrupted change leaves of the stored definition, nil if that has not changed.
func settledDefinition(d *domain.Def, p *plugging) (*domain.Def, error) {
	if !p.note.Config || d == nil {
		return nil, nil
	}
	at, err := d.Find(withoutRunAlias(p.device))
	if none, ok := errors.AsType[*domain.Error](err); ok && none.Kind == domain.NoDevice {
		return nil, nil
	}
	switch {
	case err != nil:
		return nil, err
	case p.op == PlugUpdate:
		return d.Replaced(at, withoutRunAlias(p.old), false)
	}
	return d.Without(at, false)
}

// settleLater ends what an earlier daemon has begun, beside the recovery of other containers.
func (s *Service) settleLater(c *container, r *run) {
	if r.Plug == nil {
		return
	}
	s.work.Go(func() {
		_ = c.lock(detached())
		defer c.unlock()
		if c.run != r {
			return
		}
		if err := s.settle(detached(), c); err != nil {
			s.Log.Error("devices", c.who(), "err", err)
		}
	})
}

// settleEnded ends an interrupted change of a run that has ended: only the stored definition is left of it.
func (s *Service) settleEnded(c *container, r *run) {
	if r.Plug == nil || c.stored == nil {
		return
	}
	p, err := s.interrupted(c, r.Plug)
	var stored *domain.Def
	if err == nil {
		stored, err = settledDefinition(c.stored, p)
	}
	if err == nil && stored != nil {
		p.stored = stored
		err = s.saveDevices(p)
	}
	if err != nil {
		s.Log.Error("devices", c.who(), "err", err)
	}
	r.Plug = nil
}

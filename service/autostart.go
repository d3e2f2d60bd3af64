package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/events"
)

// autostartAtOnce is how many containers start at the same time with the host. More take no less time together, and
// whoever calls meanwhile has to wait for the processors.
const autostartAtOnce = 8

// SetAutostart says whether a container starts with the host, from the next boot on. It returns ErrTransient if the
// container has no stored definition.
func (s *Service) SetAutostart(ctx context.Context, u domain.UUID, on bool) error {
	return s.with(ctx, u, func(c *container) error {
		if c.stored == nil {
			return fmt.Errorf("cannot set autostart: %w", ErrTransient)
		}
		if err := s.Definitions.SetAutostart(c.stored.Name, on); err != nil {
			return err
		}
		s.change(c, nil, func(snap *Snapshot) { snap.Autostart = on })
		return nil
	})
}

// SetAutostartOnce says whether a container starts with the next boot of the host, and with no later one because of
// that. It returns ErrTransient if the container has no stored definition.
func (s *Service) SetAutostartOnce(ctx context.Context, u domain.UUID, on bool) error {
	return s.with(ctx, u, func(c *container) error {
		if c.stored == nil {
			return fmt.Errorf("cannot set autostart: %w", ErrTransient)
		}
		return s.setOnce(c, on)
	})
}

func (s *Service) setOnce(c *container, on bool) error {
	if err := s.Definitions.SetAutostartOnce(c.stored.Name, on); err != nil {
		return err
	}
	s.change(c, nil, func(snap *Snapshot) { snap.OnceAtBoot = on })
	return nil
}

// firstAutostart returns whether a container that gets its first stored definition starts with the host. It does so if
// that replaces one that cannot be read. Otherwise what is left of an earlier container of its name is removed.
func (s *Service) firstAutostart(name string) (bool, error) {
	s.mu.RLock()
	_, bad := s.bad[name]
	s.mu.RUnlock()
	if err := s.Definitions.SetAutostartOnce(name, false); err != nil {
		return false, err
	}
	if !bad {
		return false, s.Definitions.SetAutostart(name, false)
	}
	all, err := s.Definitions.Autostarts()
	return all[name], err
}

// Autostart starts the containers that start with the host, unless an earlier daemon of this boot has done so. It goes
// on where such a daemon was cut off. A container that has run since the boot is not started: each one starts once a
// boot. A failure is logged, and keeps no other from its start. Autostart returns when all is done. When ctx ends, it
// begins no further start, and a later daemon goes on.
func (s *Service) Autostart(ctx context.Context) {
	order := s.autostartOrder()
	pending, err := s.Runs.Autostart(order)
	if err != nil {
		s.Log.Error("containers that start with the host", "err", err)
		return
	}
	s.autostarts.Add(int64(len(pending)))
	order = slices.DeleteFunc(order, func(u domain.UUID) bool { return !slices.Contains(pending, u) })
	for _, u := range pending {
		if !slices.Contains(order, u) { // it has lost its autostart, or is gone
			order = append(order, u)
		}
	}
	s.autostartAll(ctx, order)
}

// autostartAll starts containers, some at a time. One whose namespaces another shares is begun before that other, which
// waits for it.
func (s *Service) autostartAll(ctx context.Context, order []domain.UUID) {
	started := make(map[domain.UUID]chan struct{}, len(order))
	queue := make(chan domain.UUID, len(order))
	for _, u := range order {
		started[u] = make(chan struct{})
		queue <- u
	}
	close(queue)
	before := make(map[domain.UUID][]domain.UUID, len(order))
	for i, u := range order {
		for _, first := range s.sharedBy(u) {
			if slices.Contains(order[:i], first) {
				before[u] = append(before[u], first)
			}
		}
	}
	var workers sync.WaitGroup
	for range min(autostartAtOnce, len(order)) {
		workers.Go(func() {
			for u := range queue {
				for _, first := range before[u] { // another worker has it, or had it
					<-started[first]
				}
				if ctx.Err() == nil {
					s.autostart(ctx, u)
				}
				s.autostarts.Add(-1)
				close(started[u])
			}
		})
	}
	workers.Wait()
}

// autostart starts one container, if it shall start with the host and has not run since the boot. It may have been
// started by an earlier daemon, which was killed before it could say so. A start that fails while the daemon ends is
// the next one's.
func (s *Service) autostart(ctx context.Context, u domain.UUID) {
	err := s.with(detached(), u, func(c *container) error {
		snap := c.snapshot()
		if !snap.Autostart && !snap.OnceAtBoot || snap.State.Active() || !snap.Started.IsZero() || snap.LastExit.Kind != "" {
			return nil
		}
		c.owner = ""
		return s.boot(detached(), c, c.stored, s.event(events.Started, events.Booted))
	})
	if err != nil && !errors.Is(err, ErrNoContainer) {
		s.Log.Error("container does not start with the host", s.WhoHas(u), message(contract.MessageStartFailed), "err", err)
		if ctx.Err() != nil {
			return
		}
	}
	err = s.with(detached(), u, func(c *container) error {
		if c.stored == nil || !c.snapshot().OnceAtBoot {
			return nil
		}
		return s.setOnce(c, false)
	})
	if err != nil && !errors.Is(err, ErrNoContainer) {
		s.Log.Error("container that has started with this boot only", s.WhoHas(u), "err", err)
	}
	if err := s.Runs.Autostarted(u); err != nil {
		s.Log.Error("container that has started with the host", s.WhoHas(u), "err", err)
	}
}

// autostartOrder returns the containers that start with the host, by name, but each one after those whose namespaces it
// shares.
func (s *Service) autostartOrder() (order []domain.UUID) {
	list := slices.DeleteFunc(s.List(), func(snap Snapshot) bool { return !snap.Autostart && !snap.OnceAtBoot })
	slices.SortFunc(list, func(a, b Snapshot) int { return cmp.Compare(a.Name, b.Name) })
	seen := map[domain.UUID]bool{}
	wanted := make(map[domain.UUID]bool, len(list))
	for _, snap := range list {
		wanted[snap.UUID] = true
	}
	var visit func(u domain.UUID)
	visit = func(u domain.UUID) {
		if seen[u] || !wanted[u] {
			return
		}
		seen[u] = true
		for _, first := range s.sharedBy(u) {
			visit(first)
		}
		order = append(order, u)
	}
	for _, snap := range list {
		visit(snap.UUID)
	}
	return order
}

// sharedBy returns the containers whose namespaces a container shares by its stored definition.
func (s *Service) sharedBy(u domain.UUID) (list []domain.UUID) {
	c, err := s.find(u)
	if err != nil {
		return nil
	}
	c.mu.Lock()
	def := c.stored
	c.mu.Unlock()
	if def == nil {
		return nil
	}
	for _, ref := range []domain.ShareRef{def.Share.Net, def.Share.IPC, def.Share.UTS} {
		if ref.Kind != domain.ShareName {
			continue
		}
		if other, err := s.ByName(ref.Value); err == nil {
			list = append(list, other.UUID)
		}
	}
	return list
}

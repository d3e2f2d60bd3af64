package service

import (
	"context"
	"errors"

	"github.com/berthd/berth/internal/domain"
)

// ErrEnded says that a container ended before it was ready.
var ErrEnded = errors.New("the container ended before it was ready")

// Notice is what init has said of itself (sd_notify(3)).
type Notice struct {
	Ready  bool
	Status string
}

// WaitReady returns when a container is ready. It returns a StateError if it is off, and ErrEnded if it ends before.
func (s *Service) WaitReady(ctx context.Context, u domain.UUID) error {
	c, err := s.find(u)
	if err != nil {
		return err
	}
	for first := true; ; first = false {
		c.mu.Lock()
		snap := c.snap
		if c.news == nil {
			c.news = make(chan struct{})
		}
		news := c.news
		c.mu.Unlock()
		switch {
		case snap.State == StateShutoff && first:
			return &StateError{Kind: NotRunning, Op: "wait", Name: snap.Name, State: snap.State}
		case snap.State == StateShutoff:
			return ErrEnded
		case snap.Ready:
			return nil
		}
		select {
		case <-news:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// noticed notes what init has said.
func (s *Service) noticed(c *container, r *run) {
	_ = c.lock(detached())
	defer c.unlock()
	if c.run != r {
		return
	}
	n := r.supervisor.Notice()
	s.change(c, nil, func(snap *Snapshot) { snap.Ready, snap.Status = snap.Ready || n.Ready, n.Status })
}

package service

import (
	"context"
	"errors"
	"fmt"

	"github.com/berthd/berth/internal/domain"
)

// Modes are the ways in which init may be asked. The zero value leaves the choice to Berth: the signal of the
// definition if it names one, otherwise the initctl FIFO if init reads one, otherwise a signal that init listens to.
type Modes struct {
	Initctl bool // by init's initctl FIFO. It is tried first
	Signal  bool // by a signal: that of the definition, or one that init listens to
}

// Want is what a caller has asked of a run. It decides which life-cycle action applies when the run ends.
type Want string

// The wishes. The zero value is none.
const (
	WantShutdown Want = "shutdown"
	WantReboot   Want = "reboot"
	WantReset    Want = "reset" // kill it and start it again
)

// Shutdown asks init to end, and returns when init was asked. How long init takes, and whether it does, is up to
// init. It returns ErrNotAsked if init cannot be asked in these ways, and a StateError if the container does not
// run.
func (s *Service) Shutdown(ctx context.Context, u domain.UUID, m Modes) error {
	return s.ask(ctx, u, opShutdown, WantShutdown, m)
}

// Reboot asks init to reboot, and returns when init was asked. The container starts again as on_reboot says, also if
// init only ends. It returns the errors of Shutdown.
func (s *Service) Reboot(ctx context.Context, u domain.UUID, m Modes) error {
	return s.ask(ctx, u, opReboot, WantReboot, m)
}

func (s *Service) ask(ctx context.Context, u domain.UUID, op operation, want Want, m Modes) error {
	return s.with(ctx, u, func(c *container) error {
		snap := c.snapshot()
		if done, err := allow(op, &snap); done || err != nil {
			return err
		}
		c.mu.Lock()
		named := c.live.Extension.StopSignal() != 0
		c.mu.Unlock()
		r, before := c.run, c.run.Wanted
		r.Wanted = want
		s.save(r)
		ctx, cancel := limited(ctx, supervisorLimit)
		defer cancel()
		err := s.askInit(ctx, r, m.request(want, named))
		if errors.Is(err, ErrNotAsked) {
			r.Wanted = before
			s.save(r)
		}
		return timedOut(ctx, err)
	})
}

// request says how to ask init. named is true if the definition names a signal that ends init.
func (m Modes) request(want Want, named bool) Request {
	r := Request{Reboot: want == WantReboot, Initctl: m.Initctl, Signal: m.Signal}
	if m == (Modes{}) {
		r.Initctl, r.Signal = !named || r.Reboot, true
	}
	return r
}

// askInit sends a request to the supervisor. One of an older Berth knows only the order to end init by a signal.
func (s *Service) askInit(ctx context.Context, r *run, q Request) error {
	switch {
	case r.supervisor == nil:
		return fmt.Errorf("%w: %w", ErrNotAsked, errNotAnswering)
	case r.Wire >= EntryWire:
		return r.supervisor.Ask(ctx, q)
	case q.Signal && !q.Reboot:
		return r.supervisor.Terminate()
	}
	return fmt.Errorf("%w, other than to end by a signal: %w", ErrNotAsked, ErrOldSupervisor)
}

// Reset kills every process of a container and starts it again with the same definition. It returns a StateError if
// the container is off, and a StartError if the start failed.
func (s *Service) Reset(ctx context.Context, u domain.UUID) error {
	return s.with(ctx, u, func(c *container) error {
		snap := c.snapshot()
		if _, err := allow(opReset, &snap); err != nil {
			return err
		}
		r := c.run
		s.endSharing(c)
		r.Wanted = WantReset
		s.save(r)
		if err := s.stop(c, r); err != nil {
			return err
		}
		return r.notRestarted
	})
}

// AwaitEnd waits for the end of the run with an id, and returns the container as it is then: off, or in its next run.
// It returns at once if that run is over. It returns ErrNoContainer if the container does not exist.
func (s *Service) AwaitEnd(ctx context.Context, u domain.UUID, id uint32) (Snapshot, error) {
	c, err := s.find(u)
	if err != nil {
		return Snapshot{}, err
	}
	c.mu.Lock()
	over := c.over
	if c.id != id {
		over = nil
	}
	c.mu.Unlock()
	if over == nil {
		return c.snapshot(), nil
	}
	select {
	case <-over:
		return c.snapshot(), nil
	case <-ctx.Done():
		return Snapshot{}, context.Cause(ctx)
	}
}

package service

import (
	"errors"
	"syscall"
	"time"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/events"
)

// errTooFast stops a container that restarts itself without ever living.
var errTooFast = errors.New("it was restarted too often: 5 times within 10 seconds")

// tooFast counts a restart and says whether it is one too many.
func (c *container) tooFast(now time.Time) bool {
	const burst, window = 5, 10 * time.Second
	c.restarts = append(c.restarts, now)
	if len(c.restarts) <= burst {
		return false
	}
	c.restarts = c.restarts[len(c.restarts)-burst-1:]
	return now.Sub(c.restarts[0]) < window
}

// takeDown removes everything that a start made, in reverse; it goes on whatever fails.
func (s *Service) takeDown(r *run, end End) error {
	var errs []error
	ctx, cancel := limited(detached(), endTimeout)
	defer cancel()
	// machined and systemd are asked at once: neither waits for the other.
	unregistered := make(chan error, 1)
	go func() { unregistered <- s.Machines.Unregister(ctx, r.Machine) }()
	if r.Group != "" {
		// A killed supervisor leaves its container running; one that ended leaves nothing, but a
		// process that came in from outside may still be there.
		errs = append(errs, ignoreGone(s.inGroup(r, func(g Group) error {
			return errors.Join(g.Kill(), g.AwaitEmpty(ctx))
		})))
	}
	errs = append(errs, s.Scopes.Stop(ctx, r.Unit), <-unregistered)
	if r.supervisor != nil {
		errs = append(errs, r.supervisor.Close())
	}
	r.State, r.Changed = StateShutoff, s.Now()
	if end.Known {
		r.LastExit = end.Exit
	}
	r.Reason = fateOf(r, end, nil).reason
	errs = append(errs, s.Runs.Save(r.Run), s.Runs.Archive(r.UUID))
	return errors.Join(errs...)
}

// ignoreGone takes the absence of a control group for what it is: nothing is left to do.
func ignoreGone(err error) error {
	if errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ENODEV) {
		return nil
	}
	return err
}

// fate is what the end of a run means.
type fate struct {
	reason      Reason
	restart     bool
	guestReboot bool
}

// fateOf reads the end by the definition's life-cycle actions; def may be nil when only the reason
// matters.
//
//	destroyed by a caller, stopped by systemd   stays off
//	reboot(2)                                   on_reboot
//	killed by a signal, or supervisor lost      on_crash
//	exit, or reboot(2) to halt or power off     on_poweroff
func fateOf(r *run, end End, def *domain.Def) fate {
	switch {
	case r.Destroyed:
		return fate{reason: ReasonDestroyed}
	case r.Stopping || end.Asked:
		return fate{reason: ReasonShutdown}
	case end.Reboot():
		return fate{reason: ReasonShutdown, restart: restarts(def, func(d *domain.Def) domain.Action { return d.OnReboot }), guestReboot: true}
	case crashed(end):
		return fate{reason: ReasonFailed, restart: end.Known && restarts(def, func(d *domain.Def) domain.Action { return d.OnCrash })}
	}
	return fate{reason: ReasonShutdown, restart: restarts(def, func(d *domain.Def) domain.Action { return d.OnPoweroff })}
}

func restarts(def *domain.Def, action func(*domain.Def) domain.Action) bool {
	if def == nil {
		return false
	}
	switch action(def) {
	case domain.ActionRestart, domain.ActionRenameRestart, domain.ActionCoredumpRestart:
		return true
	}
	return false
}

// crashed: SIGINT is how reboot(2) tells of halt and power-off inside a pid namespace.
func crashed(end End) bool {
	return !end.Known || (end.Exit.Kind != ExitExited && end.Exit.Code != int32(syscall.SIGINT))
}

// event is what listeners hear; a guest's reboot is heard as the next life's "rebooted" only.
func (f fate) event(s *Service) *events.Event {
	switch {
	case f.guestReboot && f.restart:
		return nil
	case f.reason == ReasonDestroyed:
		return s.event(events.Stopped, events.Destroyed)
	case f.reason == ReasonFailed:
		return s.event(events.Stopped, events.Failed)
	}
	return s.event(events.Stopped, events.Shutdown)
}

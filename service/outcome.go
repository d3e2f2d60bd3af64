package service

import (
	"errors"
	"syscall"
	"time"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/events"
)

// errTooFast is why a container that ends right after each start is not restarted again.
var errTooFast = errors.New("it was restarted too often: 5 times within 10 seconds")

// tooFast counts a restart and reports whether it exceeds the limit.
func (c *container) tooFast(now time.Time) bool {
	const burst, window = 5, 10 * time.Second
	c.restarts = append(c.restarts, now)
	if len(c.restarts) <= burst {
		return false
	}
	c.restarts = c.restarts[len(c.restarts)-burst-1:]
	return now.Sub(c.restarts[0]) < window
}

// outcome is the consequence of a run's end.
type outcome struct {
	reason    Reason
	restart   bool
	reboot    bool // it is, or would have been, a reboot
	requested bool // a caller wanted it
}

// outcomeOf applies the definition's life-cycle actions to the end of a run.
//
//	destroyed by a caller, stopped by systemd   stays off
//	reset by a caller                           starts again
//	any end after a caller's shutdown           on_poweroff
//	reboot(2), or exit after a caller's reboot  on_reboot
//	killed by a signal, or supervisor lost      on_crash
//	exit, or reboot(2) to halt or power off     on_poweroff
//
// An init that has no other word for it reboots upon a shutdown, or only exits upon a reboot. The caller's wish is
// what counts then.
func outcomeOf(r *Run, end End, def *domain.Def) outcome {
	switch {
	case r.Destroyed:
		return outcome{reason: ReasonDestroyed}
	case r.Stopping || end.Asked:
		return outcome{reason: ReasonShutdown}
	case r.Wanted == WantReset:
		return outcome{reason: ReasonDestroyed, restart: true, reboot: true, requested: true}
	case r.Wanted == WantShutdown:
		return outcome{reason: ReasonShutdown, restart: restarts(def.OnPoweroff)}
	case r.Wanted == WantReboot && (end.Reboot() || end.Known && end.Exit.Kind == ExitExited):
		return outcome{reason: ReasonShutdown, restart: restarts(def.OnReboot), reboot: true, requested: true}
	case end.Reboot():
		return outcome{reason: ReasonShutdown, restart: restarts(def.OnReboot), reboot: true}
	case crashed(end) && end.OutOfMemory:
		return outcome{reason: ReasonOOM, restart: restarts(def.OnCrash)}
	case crashed(end):
		return outcome{reason: ReasonFailed, restart: restarts(def.OnCrash)}
	}
	return outcome{reason: ReasonShutdown, restart: restarts(def.OnPoweroff)}
}

func restarts(action domain.Action) bool {
	switch action {
	case domain.ActionRestart, domain.ActionRenameRestart, domain.ActionCoredumpRestart:
		return true
	}
	return false
}

// crashed reports whether init was killed, or its end is not known. SIGINT is no crash: reboot(2) ends init
// with it for halt and power-off in a pid namespace.
func crashed(end End) bool {
	return !end.Known || (end.Exit.Kind != ExitExited && end.Exit.Code != int32(syscall.SIGINT))
}

// event returns the event of the end. A reboot has none: the next run's "rebooted" stands for both.
func (o outcome) event(s *Service) *events.Event {
	switch {
	case o.reboot && o.restart:
		return nil
	case o.reason == ReasonDestroyed:
		return s.event(events.Stopped, events.Destroyed)
	case o.reason == ReasonFailed, o.reason == ReasonOOM:
		return s.event(events.Stopped, events.Failed)
	}
	return s.event(events.Stopped, events.Shutdown)
}

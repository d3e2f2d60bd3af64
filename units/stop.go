package units

import (
	"context"
	"fmt"
	"syscall"
	"time"

	"github.com/godbus/dbus/v5"
)

// killAfter is how long processes that are left in a scope may take to end by its KillSignal.
const killAfter = time.Second

// Stop ends a scope, kills the processes that are left in it after a second, and returns when its name can be used
// again. A missing scope is no error.
//
// systemd learns that a scope is empty from cgroup.events, which changes at most once in 10 ms. A stop looks for
// processes at once, finds none, and is done.
func (c *Client) Stop(ctx context.Context, name string) error {
	w := c.watch(name)
	defer c.leave(w)
	defer c.forget(name)
	for {
		over, err := c.end(ctx, w)
		if err != nil {
			return fmt.Errorf("stop %s: %w", name, c.explain(err))
		}
		if over {
			return nil
		}
	}
}

// end sends the calls once and waits for the unit's end. over is false if the calls must be sent again.
func (c *Client) end(ctx context.Context, w *waiter) (over bool, err error) {
	ours := c.isLoaded(w.unit)
	replied := c.peer.Go(ctx, busPath, manager+"StopUnit", w.unit, "replace").Done
	late := time.NewTimer(killAfter)
	defer late.Stop()
	var said []notice
	asked := dbus.NoSequence // of systemd's reply, once it has come
	for {
		said = append(said, c.heard(w)...)
		switch judge(said, ours, asked) {
		case isOver:
			return true, nil
		case askAgain:
			return false, nil
		}
		select {
		case call := <-replied:
			switch {
			case isError(call.Err, noSuchUnit):
				return true, nil
			case isError(call.Err, noReply):
				// systemd executes itself anew and lost the call. The notice lookAgain will follow.
			case call.Err != nil:
				return false, call.Err
			}
			asked = call.ResponseSequence
		case <-w.wake:
		case <-late.C: // the answer tells nothing: a unit that is gone is what we wait for
			c.peer.Go(ctx, busPath, manager+"KillUnit", w.unit, "all", int32(syscall.SIGKILL))
		case <-ctx.Done():
			return false, context.Cause(ctx)
		case <-c.lost:
			return false, ErrBusLost
		}
	}
}

type progress int

const (
	undecided progress = iota
	isOver
	askAgain
)

// judge decides from the notices whether the stop of a unit is over. A signal older than the reply may be about
// an earlier unit of the same name, unless we started this unit ourselves.
func judge(said []notice, ours bool, asked dbus.Sequence) progress {
	for _, n := range said {
		after := asked != dbus.NoSequence && n.at > asked
		switch {
		case n.kind == unitGone && (ours || after):
			return isOver
		case n.kind == lookAgain && after:
			return askAgain
		}
	}
	return undecided
}

package units

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// settled is the age from which on systemd hears at once that a scope has become empty. Before, the kernel may
	// hold that back: it tells of one group at most once in 10 ms, and it has told that the group got a process.
	settled = 20 * time.Millisecond

	// patience is how long systemd may take to drop an empty scope before it is asked to. It needs one millisecond.
	patience = 20 * time.Millisecond
)

// errLate says that systemd has not dropped a scope within patience.
var errLate = errors.New("systemd is late")

// Ended returns when the name of a scope can be used again. No process is left in the scope; gone reports whether its
// control group is gone. A missing scope is no error.
//
// systemd drops an empty scope by itself. To ask it as well costs both sides time, so Ended asks only if systemd may
// not have heard of the end: the scope is young, we did not see it start, or it is not dropped soon.
func (c *Client) Ended(ctx context.Context, name string, gone func() bool) error {
	over, err := c.dropped(ctx, name, gone)
	if err != nil {
		return fmt.Errorf("await the end of %s: %w", name, c.explain(err))
	}
	if over {
		c.forget(name)
		return nil
	}
	return c.Stop(ctx, name)
}

// dropped waits for systemd to drop a scope by itself. It returns false if that is not sure to come soon.
func (c *Client) dropped(ctx context.Context, name string, gone func() bool) (bool, error) {
	w := c.watch(name)
	defer c.leave(w)
	switch c.fate(name) {
	case unknown:
		return false, nil
	case unloaded:
		return true, nil
	case unloading:
		if gone() {
			return true, nil
		}
	case loaded:
	}
	late, cancel := context.WithTimeoutCause(ctx, patience, errLate)
	defer cancel()
	for {
		for _, n := range c.heard(w) {
			switch n.kind {
			case unitGone: // of our scope: the name had no other unit since we saw it start
				return true, nil
			case fileGone:
				if gone() {
					return true, nil
				}
			case lookAgain:
				return false, nil
			case jobEnded: // of somebody else's stop
			}
		}
		if err := c.wait(late, w); err != nil {
			if errors.Is(err, errLate) {
				return false, nil
			}
			return false, err
		}
	}
}

package main

import (
	"cmp"
	"context"
	"time"
)

// caller is the bus server, as far as it knows about calls.
type caller interface {
	InFlight() int
	Idle() <-chan struct{}
}

// idle returns a channel that is closed once no container has run and no call has come for the whole of
// limit. A limit of 0 means never. active counts the containers that are on. Each change of a container sends
// to activity, and so does the end of each client of libvirt's library. worked is called after each of these, and when
// the last call has ended; it must not block. ctx ends it.
func idle(ctx context.Context, server caller, active func() int, activity <-chan struct{}, limit time.Duration, worked func()) <-chan struct{} {
	over := make(chan struct{})
	go func() {
		timer := time.NewTimer(cmp.Or(limit, time.Hour))
		defer timer.Stop()
		if limit == 0 {
			timer.Stop()
		}
		for {
			select {
			case <-activity:
			case <-server.Idle():
			case <-ctx.Done():
				return
			case <-timer.C:
				if active() == 0 && server.InFlight() == 0 {
					close(over)
					return
				}
				continue
			}
			worked()
			if limit > 0 {
				timer.Reset(limit)
			}
		}
	}()
	return over
}

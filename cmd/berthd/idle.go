package main

import "time"

// caller is the bus server, as far as it knows about calls.
type caller interface {
	InFlight() int
	Idle() <-chan struct{}
}

// idle returns a channel that is closed once no container has run and no call has come for the whole of
// limit. A limit of 0 means never. active counts the containers that are on. Each change of a container sends
// to activity.
func idle(server caller, active func() int, activity <-chan struct{}, limit time.Duration) <-chan struct{} {
	over := make(chan struct{})
	if limit == 0 {
		return over
	}
	go func() {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		for {
			select {
			case <-activity:
				timer.Reset(limit)
			case <-server.Idle():
				timer.Reset(limit)
			case <-timer.C:
				if active() == 0 && server.InFlight() == 0 {
					close(over)
					return
				}
			}
		}
	}()
	return over
}

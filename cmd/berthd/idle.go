package main

import "time"

// caller is what the bus server says of calls.
type caller interface {
	InFlight() int
	Idle() <-chan struct{}
}

// idle gives a channel that is closed once no container has run and no call has come for the whole
// of limit; 0 means never. active counts the containers, and each change of one is a sign of activity.
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

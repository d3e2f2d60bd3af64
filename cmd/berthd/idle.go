package main

import "time"

// caller is what the bus server says of calls.
type caller interface {
	InFlight() int
	Idle() <-chan struct{}
}

// idle gives a channel that is closed once no container has run and no call has come for the whole
// of limit; 0 means never.
func (d *parts) idle(server caller, limit time.Duration) <-chan struct{} {
	idle := make(chan struct{})
	if limit == 0 {
		return idle
	}
	go func() {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		for {
			select {
			case <-d.nudges:
				timer.Reset(limit)
			case <-server.Idle():
				timer.Reset(limit)
			case <-timer.C:
				if d.service.Active() == 0 && server.InFlight() == 0 {
					close(idle)
					return
				}
			}
		}
	}()
	return idle
}

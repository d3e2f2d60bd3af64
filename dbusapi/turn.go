package dbusapi

import (
	"context"
	"sync"
	"time"

	"github.com/berthd/berth/service"
)

// turnPatience is how long a call keeps others of its user from their turns.
const turnPatience = 250 * time.Millisecond

// turn is the right of a call to be authorised and to work. A user has few at once, however many calls: the processors
// and polkit are everybody's, and would work off a flood in the order of arrival. A call that waits for somebody else
// gives its turn back before, and every call gives it back after turnPatience.
type turn struct {
	back  func()
	timer *time.Timer
}

// takeTurn waits for the user's turn.
func (s *Server) takeTurn(c *call) error {
	turns := c.caller.account.turns
	select {
	case turns <- struct{}{}:
	case <-c.caller.ctx.Done():
		return context.Cause(c.caller.ctx)
	case <-s.ctx.Done():
		return service.ErrShuttingDown
	case <-s.lost: // nobody gets the answer
		return service.ErrShuttingDown
	}
	back := sync.OnceFunc(func() { <-turns })
	c.turn = &turn{back: back, timer: time.AfterFunc(turnPatience, back)}
	return nil
}

// endTurn gives the call's turn back, if it has one.
func (c *call) endTurn() {
	if c.turn != nil {
		c.turn.timer.Stop()
		c.turn.back()
	}
}

// takeWait counts a call that waits for a container or a command. done counts it out.
func (in *inbound) takeWait(c *call) (done func(), _ error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	a := c.caller.account
	if a.waits >= a.quota.waits {
		return nil, a.exceeded("%d calls that wait at once", a.quota.waits)
	}
	a.waits++
	return func() {
		in.mu.Lock()
		defer in.mu.Unlock()
		a.waits--
	}, nil
}

// takeCommand makes room for one more object of a command. The caller must call done with the object's key, or with
// none if there is no object.
func (s *Server) takeCommand(c *call) (done func(*service.ProcessKey), _ error) {
	in, a := s.inbound, c.caller.account
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(a.commands)+a.starting >= a.quota.commands {
		for key := range a.commands {
			if _, err := s.core.Process(key); err != nil { // its end was read
				delete(a.commands, key)
			}
		}
	}
	if len(a.commands)+a.starting >= a.quota.commands {
		return nil, a.exceeded("%d commands whose ends were not read", a.quota.commands)
	}
	a.starting++
	return func(key *service.ProcessKey) {
		in.mu.Lock()
		defer in.mu.Unlock()
		a.starting--
		if key != nil {
			a.commands[*key] = struct{}{}
		}
		in.forget(a)
	}, nil
}

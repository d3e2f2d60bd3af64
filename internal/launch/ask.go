package launch

import (
	"context"
	"fmt"

	"github.com/berthd/berth/internal/wire"
	"github.com/berthd/berth/service"
)

// asking is a request to init that has no answer yet.
type asking struct {
	serial   uint32
	answered chan *wire.Answered // one slot
}

// answer takes the supervisor's answer. It drops one to an earlier request.
func (a *asking) answer(m *wire.Answered) {
	if a == nil || m.Serial != a.serial {
		return
	}
	select {
	case a.answered <- m:
	default:
	}
}

// Ask asks init to end or to reboot. It returns when init was asked, or has ended. It returns
// service.ErrNotAsked if init cannot be asked in one of these ways. One call at a time is allowed.
func (p *Process) Ask(ctx context.Context, r service.Request) error {
	p.mu.Lock()
	serial := uint32(1)
	if p.asking != nil {
		serial = p.asking.serial + 1
	}
	a := &asking{serial: serial, answered: make(chan *wire.Answered, 1)}
	p.asking = a
	p.mu.Unlock()
	err := p.conn.SendWithin(ctx, &wire.Request{Serial: serial, Reboot: r.Reboot, Initctl: r.Initctl, Signal: r.Signal})
	switch {
	case hasEnded(err):
		return nil
	case err != nil:
		return err
	}
	select {
	case m := <-a.answered:
		if m.Fault != "" {
			return fmt.Errorf("%w: %s", service.ErrNotAsked, m.Fault)
		}
		return nil
	case <-p.done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

package launch

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/berthd/berth/internal/wire"
	"github.com/berthd/berth/service"
)

// Ask asks init to end or to reboot. It returns when init was asked, or has ended. It returns
// service.ErrNotAsked if init cannot be asked in one of these ways.
func (p *Process) Ask(ctx context.Context, r service.Request) error {
	_, err := p.request(ctx, func(request uint32) wire.Message {
		return &wire.Request{Serial: request, Reboot: r.Reboot, Initctl: r.Initctl, Signal: r.Signal}
	})
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// notAsked translates a supervisor's answer.
func notAsked(m *wire.Answered) error {
	if m.Fault == "" {
		return nil
	}
	return fmt.Errorf("%w: %s", service.ErrNotAsked, m.Fault)
}

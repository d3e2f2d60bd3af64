package launch

import (
	"context"
	"errors"
	"os"

	"github.com/berthd/berth/internal/wire"
)

// HoldDisk has the supervisor hold a loop device under a name as long as it lives.
func (p *Process) HoldDisk(ctx context.Context, name string, device *os.File) error {
	_, err := p.request(ctx, func(request uint32) wire.Message { return &wire.Hold{Request: request, Name: name, Disk: true} }, device)
	return err
}

// LetGo has the supervisor close what it holds under a name.
func (p *Process) LetGo(ctx context.Context, name string) error {
	_, err := p.request(ctx, func(request uint32) wire.Message { return &wire.LetGo{Request: request, Name: name} })
	return err
}

func notHeld(m *wire.Held) error {
	if m.Fault == "" {
		return nil
	}
	return errors.New("the supervisor: " + m.Fault)
}

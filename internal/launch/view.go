package launch

import (
	"os"

	"github.com/berthd/berth/internal/linux/fuse"
	"github.com/berthd/berth/internal/plan"
)

// CanServeProc says why this host cannot serve containers their own part of /proc; nil when it can.
func CanServeProc() error {
	dev, err := os.OpenFile(fuse.Device, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return dev.Close()
}

// views opens what a supervisor serves the view of /proc over. It is opened here because the
// supervisor's scope allows the container's devices only, and systemd may put it there at any moment.
func views(p *plan.Plan) ([]*os.File, error) {
	if !p.ProcView {
		return nil, nil
	}
	dev, err := os.OpenFile(fuse.Device, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	return []*os.File{dev}, nil
}

package launch

import (
	"os"

	"github.com/berthd/berth/internal/linux/fuse"
	"github.com/berthd/berth/internal/plan"
)

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

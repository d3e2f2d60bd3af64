package launch

import (
	"os"

	"github.com/berthd/berth/internal/linux/fuse"
	"github.com/berthd/berth/internal/plan"
)

// views opens /dev/fuse, over which a supervisor serves the container's view of /proc. The supervisor cannot
// open it: its scope allows only the container's devices, and systemd may move it there at any moment.
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

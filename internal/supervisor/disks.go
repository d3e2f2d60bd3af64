package supervisor

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/wire"
)

// holding is what the supervisor holds for the devices of its container, by name.
type holding map[string]heldDevice

// heldDevice is one descriptor.
type heldDevice struct {
	file *os.File
	disk bool // a loop device
}

// letGo closes what is held under a name. It has the loop device of a disk disappear with its last descriptor. That
// would do so by itself, but who may write to a loop device may take that from it (LOOP_SET_STATUS64, loop(4)). As long
// as this process has a device open, its number is no other's.
func (h holding) letGo(name string) {
	d, known := h[name]
	if !known {
		return
	}
	delete(h, name)
	if d.disk {
		_ = unix.IoctlSetInt(int(d.file.Fd()), unix.LOOP_CLR_FD, 0) // while others have it open, it only sets LO_FLAGS_AUTOCLEAR
		runtime.KeepAlive(d.file)
	}
	_ = d.file.Close()
}

func (h holding) letAllGo() {
	for name := range h {
		h.letGo(name)
	}
}

// holdDisks holds the loop devices that came with Prepare.
func (s *supervisor) holdDisks(p *wire.Prepare, files []*os.File) error {
	if len(files) != len(p.HeldNames) {
		return fmt.Errorf("%d descriptors to hold came with %d names", len(files), len(p.HeldNames))
	}
	for i, f := range files {
		s.hold1(p.HeldNames[i], f, true)
	}
	return nil
}

func (s *supervisor) hold1(name string, f *os.File, disk bool) {
	if s.devices == nil {
		s.devices = holding{}
	}
	s.devices.letGo(name)
	s.devices[name] = heldDevice{f, disk}
}

// maxHeld bounds what one container's devices need.
const maxHeld = 1024

// holdOrder carries out an order of berthd that is about a device.
func (s *supervisor) holdOrder(e event) error {
	switch m := e.message.(type) {
	case *wire.Hold:
		answer := &wire.Held{Request: m.Request}
		if len(e.files) != 1 || len(s.devices) >= maxHeld {
			closeFiles(e.files)
			answer.Fault = "it cannot be held"
		} else {
			s.hold1(m.Name, e.files[0], m.Disk)
		}
		return s.tell(answer)
	case *wire.LetGo:
		s.devices.letGo(m.Name)
		return s.tell(&wire.Held{Request: m.Request})
	}
	return nil
}

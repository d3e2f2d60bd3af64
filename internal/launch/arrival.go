package launch

import (
	"path/filepath"
	"strings"

	"github.com/berthd/berth/internal/cgroup"
)

// Arrival returns a channel that is closed when a process comes into the control group of a unit, which systemd is
// about to make in a slice. cancel gives that up. It is only a hint: without one, or if the slice has no group yet, the
// channel is never closed.
//
// systemd itself says so 0.4 ms later, when its job has ended: the bus has to pass that on, and to others first.
func (g *Cgroups) Arrival(slice, unit string) (arrived <-chan struct{}, cancel func()) {
	dir := g.mountPoint + slicePath(slice)
	made, forget, err := g.events.NextIn(dir, unit)
	if err != nil {
		return nil, func() {}
	}
	c, stop := make(chan struct{}), make(chan struct{})
	go func() {
		defer forget()
		select {
		case <-made:
			if g.awaitFirst(filepath.Join(dir, unit), stop) {
				close(c)
			}
		case <-stop:
		}
	}()
	return c, func() { close(stop) }
}

// awaitFirst returns true when a group has a process, and false if that is given up before.
func (g *Cgroups) awaitFirst(dir string, stop <-chan struct{}) bool {
	modified, forget, err := g.events.Next(filepath.Join(dir, "cgroup.events"))
	if err != nil {
		return false
	}
	defer forget()
	if hasProcess(dir) { // it came before the watch
		return true
	}
	select {
	case <-modified:
		return hasProcess(dir)
	case <-stop:
		return false
	}
}

func hasProcess(path string) bool {
	dir, err := cgroup.At(path, "")
	if err != nil {
		return false
	}
	defer func() { _ = dir.Close() }()
	has, err := dir.Populated()
	return err == nil && has
}

// slicePath returns the path of a slice's control group: /a.slice/a-b.slice for a-b.slice (systemd.slice(5)).
func slicePath(slice string) string {
	name := strings.TrimSuffix(slice, ".slice")
	var path strings.Builder
	for i, c := range name {
		if c == '-' {
			path.WriteString("/" + name[:i] + ".slice")
		}
	}
	return path.String() + "/" + name + ".slice"
}

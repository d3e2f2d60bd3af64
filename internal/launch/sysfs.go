package launch

import (
	"fmt"
	"os"
	"slices"

	"github.com/berthd/berth/internal/linux/mount"
	"github.com/berthd/berth/internal/linux/namespace"
	"github.com/berthd/berth/internal/plan"
)

// withSysfs mounts the sysfs of the shared network, and the nodes of host devices, and inserts both among images in the
// order of the plan's sources. A sysfs shows the network namespace of the thread that mounts it.
func withSysfs(images []*os.File, p *plan.Plan, shared []*os.File) ([]*os.File, error) {
	at := 0
	for _, src := range p.Sources {
		switch src.Kind {
		case plan.SourceTree:
		case plan.SourceBlock, plan.SourceImage:
			at++
		case plan.SourceSysfs:
			made, err := sysfs(p.Join, shared)
			if err != nil {
				return images, fmt.Errorf("sysfs of the shared network: %w", err)
			}
			images = slices.Insert(images, at, made)
			at++
		case plan.SourceNodes:
			made, err := nodes(p)
			if err != nil {
				return images, err
			}
			images = slices.Insert(images, at, made)
			at++
		}
	}
	return images, nil
}

func sysfs(list []plan.Join, shared []*os.File) (made *os.File, err error) {
	net := slices.IndexFunc(list, func(j plan.Join) bool { return j.Kind == string(namespace.Net) })
	err = namespace.Within([]namespace.Held{{Kind: namespace.Net, File: shared[net]}}, func() error {
		made, err = mount.New("sysfs", nil, mount.ReadOnly|mount.NoSUID|mount.NoDev|mount.NoExec)
		return err
	})
	return made, err
}

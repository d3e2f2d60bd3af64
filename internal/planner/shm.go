package planner

import (
	"strconv"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
)

// sharedMemory plans /dev/shm and /dev/mqueue, which shm_open(3) and mq_overview(7) tell programs to expect. They
// have the options of systemd, which mounts both on a host. In /dev/shm half of the container's memory fits, as
// in any tmpfs half of the host's.
func sharedMemory(p *plan.Plan, d *domain.Def, h Host) {
	options := []plan.Option{{Key: "mode", Value: "1777"}}
	if total := MemoryLimit(d.Memory); total < domain.Unlimited {
		const least = 64 << 10 // 0 would mean no limit
		options = append(options, plan.Option{Key: "size", Value: strconv.FormatUint(max(total<<10/2, least), 10)})
	}
	p.Mounts = append(p.Mounts, plan.Mount{Kind: plan.MountNew, Target: "/dev/shm", Type: "tmpfs", Options: options, NoSUID: true, NoDev: true})
	// The queues belong to the ipc namespace. Only who has rights over that may mount them.
	if h.MQueue && (p.Namespaces.IPC || !p.Namespaces.User) {
		p.Mounts = append(p.Mounts, plan.Mount{Kind: plan.MountNew, Target: "/dev/mqueue", Type: "mqueue", NoSUID: true, NoDev: true, NoExec: true})
	}
}

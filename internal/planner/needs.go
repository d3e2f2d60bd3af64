package planner

import "github.com/berthd/berth/internal/domain"

// Need says which controller of control groups (cgroups(7)) an element of a definition needs for its effect.
type Need struct {
	Element    string
	Controller string
}

// Needs returns what a definition needs. <memory> is not among it, nor the usual limit of processes: every container has those, also
// on a host where they have no effect.
func Needs(d *domain.Def) []Need {
	var list []Need
	for _, one := range []struct {
		used bool
		need Need
	}{
		{d.IO.Weight > 0, Need{"domain/blkiotune/weight", "io"}},
		{len(d.IO.Devices) > 0, Need{"domain/blkiotune/device", "io"}},
		{d.Memory.HardLimit != nil, Need{"domain/memtune/hard_limit", "memory"}},
		{d.Memory.SoftLimit != nil, Need{"domain/memtune/soft_limit", "memory"}},
		{d.Memory.SwapHardLimit != nil, Need{"domain/memtune/swap_hard_limit", "memory"}},
		{d.Memory.MinGuarantee != nil, Need{"domain/memtune/min_guarantee", "memory"}},
		{d.CPU.Set != "", Need{"domain/vcpu@cpuset", "cpuset"}},
		{d.CPU.Shares > 0, Need{"domain/cputune/shares", "cpu"}},
		{d.CPU.Quota > 0, Need{"domain/cputune/quota", "cpu"}},
		{d.NUMA.Nodes != "", Need{"domain/numatune/memory", "cpuset"}},
		{d.Extension.PIDs > 0, Need{"domain/berth:container/berth:pids", "pids"}},
		{d.Extension.MemoryMin > 0, Need{"domain/berth:container/berth:protect", "memory"}},
		{d.Extension.Idle, Need{"domain/berth:container/berth:idle", "cpu"}},
		{len(d.Latencies) > 0, Need{"domain/berth:container/berth:latency", "io"}},
	} {
		if one.used {
			list = append(list, one.need)
		}
	}
	return list
}

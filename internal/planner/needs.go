package planner

import "github.com/berthd/berth/internal/domain"

// Need says what an element of a definition needs for its effect: a controller of control groups (cgroups(7)), and one
// of these files in the scope's group.
type Need struct {
	Element    string
	Controller string
	Files      []string
}

// Needs returns what a definition needs. <memory> is not among it, nor the usual limit of processes: every container
// has those, also on a host where they have no effect.
func Needs(d *domain.Def) []Need {
	var list []Need
	weighted, limited := false, false
	for _, dev := range d.IO.Devices {
		weighted = weighted || dev.Weight > 0
		limited = limited || dev.ReadIOPS+dev.WriteIOPS > 0 || dev.ReadBPS > 0 || dev.WriteBPS > 0
	}
	for _, one := range []struct {
		used bool
		need Need
	}{
		{d.IO.Weight > 0, Need{"domain/blkiotune/weight", "io", []string{"io.weight", "io.bfq.weight"}}},
		{weighted, Need{"domain/blkiotune/device", "io", []string{"io.weight", "io.bfq.weight"}}},
		{limited, Need{"domain/blkiotune/device", "io", []string{"io.max"}}},
		{limits(d.Memory.HardLimit), Need{"domain/memtune/hard_limit", "memory", []string{"memory.max"}}},
		{limits(d.Memory.SoftLimit), Need{"domain/memtune/soft_limit", "memory", []string{"memory.high"}}},
		{limits(d.Memory.SwapHardLimit), Need{"domain/memtune/swap_hard_limit", "memory", []string{"memory.swap.max"}}},
		{d.Memory.MinGuarantee != nil, Need{"domain/memtune/min_guarantee", "memory", []string{"memory.low"}}},
		{d.CPU.Set != "", Need{"domain/vcpu@cpuset", "cpuset", []string{"cpuset.cpus"}}},
		{d.CPU.Shares > 0, Need{"domain/cputune/shares", "cpu", []string{"cpu.weight"}}},
		{d.CPU.Quota > 0, Need{"domain/cputune/quota", "cpu", []string{"cpu.max"}}},
		{d.NUMA.Nodes != "", Need{"domain/numatune/memory", "cpuset", []string{"cpuset.mems"}}},
		{d.Extension.PIDs > 0, Need{"domain/berth:container/berth:pids", "pids", []string{"pids.max"}}},
		{d.Extension.MemoryMin > 0, Need{"domain/berth:container/berth:protect", "memory", []string{"memory.min"}}},
		{d.Extension.Idle, Need{"domain/berth:container/berth:idle", "cpu", []string{"cpu.idle"}}},
		{len(d.Latencies) > 0, Need{"domain/berth:container/berth:latency", "io", []string{"io.latency"}}},
	} {
		if one.used {
			list = append(list, one.need)
		}
	}
	return list
}

// limits reports whether an element of <memtune> limits anything: libvirt writes "no limit" as a number.
func limits(kib *uint64) bool { return kib != nil && *kib < domain.Unlimited }

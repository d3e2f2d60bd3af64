package service

import (
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/planner"
)

// Limits are the limits and weights of a container as systemd shows them. plan.Infinity means no limit, or unset.
type Limits struct {
	Memory, CurrentMemory uint64 // bytes, of the XML

	MemoryHigh, MemorySwapMax, MemoryLow, MemoryMin     uint64 // bytes
	CPUWeight, CPUQuotaPerSec, CPUQuotaPeriod, TasksMax uint64 // the quota and its period in µs
	IOWeight                                            uint64
	AllowedCPUs, AllowedMemoryNodes                     domain.NumberSet // "" means all
}

// defaultTasks is the limit of processes that systemd-machined sets, and so does a start.
const defaultTasks = 16384

// limitsOf returns the limits of a definition: that of memory, and the others.
func limitsOf(d *domain.Def) (memoryMax uint64, l Limits) {
	s := planner.Scope(d)
	or := func(n *uint64, otherwise uint64) uint64 {
		if n == nil {
			return otherwise
		}
		return *n
	}
	return or(s.MemoryMax, plan.Infinity), Limits{
		Memory: d.Memory.Max << 10, CurrentMemory: d.Memory.Current << 10,
		MemoryHigh: or(s.MemoryHigh, plan.Infinity), MemorySwapMax: or(s.MemorySwapMax, plan.Infinity),
		MemoryLow: or(s.MemoryLow, 0), MemoryMin: or(s.MemoryMin, 0),
		CPUWeight: or(s.CPUWeight, plan.Infinity), CPUQuotaPerSec: or(s.CPUQuotaPerSec, plan.Infinity), CPUQuotaPeriod: or(s.CPUQuotaPeriod, plan.Infinity),
		TasksMax: or(s.TasksMax, defaultTasks), IOWeight: or(s.IOWeight, plan.Infinity),
		AllowedCPUs: d.CPU.Set, AllowedMemoryNodes: d.NUMA.Nodes,
	}
}

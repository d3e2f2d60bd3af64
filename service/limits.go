package service

import (
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/numberset"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/planner"
)

// Limits are the limits and weights of a container as systemd shows them. plan.Infinity means no limit, or unset.
type Limits struct {
	Memory, CurrentMemory uint64 // bytes, of the XML

	MemoryHigh, MemorySwapMax, MemoryLow, MemoryMin     uint64 // bytes
	CPUWeight, CPUQuotaPerSec, CPUQuotaPeriod, TasksMax uint64 // the quota and its period in µs
	IOWeight                                            uint64
	AllowedCPUs, AllowedMemoryNodes                     numberset.Set // "" means all
	NUMAMode                                            string        // of the XML, "" without <numatune>

	IODeviceWeight, IOReadBPS, IOWriteBPS, IOReadIOPS, IOWriteIOPS []domain.DeviceNumber // a second
	IOLatency                                                      []domain.DeviceNumber // µs
}

// Limits returns the limits of the running container, or those of its stored definition: the same choice as for
// SetResources, but not both. It returns a StateError if the container is off and its live limits are asked for, and
// ErrTransient if it has no stored definition.
func (s *Service) Limits(u domain.UUID, o TuneOptions) (memoryMax uint64, l Limits, err error) {
	c, err := s.find(u)
	if err != nil {
		return 0, l, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	def, live, err := c.readable(opTune, o)
	switch {
	case err != nil:
		return 0, l, err
	case live:
		return c.snap.MemoryMax, c.snap.Limits, nil
	}
	memoryMax, l = limitsOf(def)
	return memoryMax, l, nil
}

// VCPUs returns the number of processors in the definition that Limits reads. Its errors are those of Limits.
func (s *Service) VCPUs(u domain.UUID, o TuneOptions) (uint32, error) {
	c, err := s.find(u)
	if err != nil {
		return 0, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	def, _, err := c.readable(opTune, o)
	if err != nil {
		return 0, err
	}
	return uint32(def.VCPUs), nil
}

// defaultTasks is the limit of processes that systemd-machined sets, and so does a start.
const defaultTasks = 16384

// limitsOf returns the limits of a definition: that of memory, and the others.
func limitsOf(d *domain.Def) (memoryMax uint64, l Limits) {
	return limitsOfScope(d, planner.Scope(d).Resources)
}

// limitsOfScope returns the limits that a scope has.
func limitsOfScope(d *domain.Def, s plan.Resources) (memoryMax uint64, l Limits) {
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
		AllowedCPUs: numberset.Of(s.AllowedCPUs), AllowedMemoryNodes: numberset.Of(s.AllowedNodes), NUMAMode: string(d.NUMA.Mode),
		IODeviceWeight: deviceNumbers(s.IODeviceWeight), IOReadBPS: deviceNumbers(s.IOReadBPS), IOWriteBPS: deviceNumbers(s.IOWriteBPS),
		IOReadIOPS: deviceNumbers(s.IOReadIOPS), IOWriteIOPS: deviceNumbers(s.IOWriteIOPS), IOLatency: deviceNumbers(s.IOLatency),
	}
}

func deviceNumbers(list []plan.DeviceFigure) []domain.DeviceNumber {
	var numbers []domain.DeviceNumber
	for _, f := range list {
		numbers = append(numbers, domain.DeviceNumber{Path: f.Path, Number: f.Figure})
	}
	return numbers
}

package planner

import (
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
)

// memory sets the limits and protections of memory. It converts libvirt's KiB to systemd's bytes. libvirt's
// swap_hard_limit counts memory and swap together, and systemd's MemorySwapMax= counts swap alone.
func memory(s *plan.Scope, d *domain.Def) {
	m := &d.Memory
	total := m.Limit()
	s.MemoryMax = inBytes(total)
	if m.SoftLimit != nil {
		s.MemoryHigh = inBytes(*m.SoftLimit)
	}
	if m.SwapHardLimit != nil {
		rest := *m.SwapHardLimit
		if rest < domain.Unlimited {
			rest -= total
		}
		s.MemorySwapMax = inBytes(rest)
	}
	if m.MinGuarantee != nil {
		s.MemoryLow = inBytes(*m.MinGuarantee)
	}
	if d.Extension.MemoryMin > 0 {
		s.MemoryMin = inBytes(d.Extension.MemoryMin)
	}
}

// MemoryLimit returns the limit of memory in KiB.
func MemoryLimit(m domain.Memory) uint64 { return m.Limit() }

func inBytes(kib uint64) *uint64 {
	b := plan.Infinity
	if kib < domain.Unlimited {
		b = kib << 10
	}
	return &b
}

// defaultPeriod is the kernel's and systemd's period of a quota, in µs.
const defaultPeriod = 100000

// processors sets the weight, the quota and the set of processors, and the set of memory nodes.
func processors(s *plan.Scope, d *domain.Def) {
	c := &d.CPU
	s.CPUWeight = given(c.Shares)
	if d.Extension.Idle {
		s.CPUWeight = new(uint64)
	}
	s.CPUQuotaPeriod = given(c.Period)
	if c.Quota > 0 {
		period := uint64(defaultPeriod)
		if c.Period > 0 {
			period = c.Period
		}
		// systemd wants the time in each second, and computes from it the time in each period. Rounded up here and
		// down there, that is the quota again.
		perSec := (uint64(c.Quota)*1_000_000 + period - 1) / period
		s.CPUQuotaPerSec = &perSec
	}
	s.AllowedCPUs = c.Set.Numbers()
	s.AllowedNodes = d.NUMA.Nodes.Numbers()
	s.TasksMax = given(d.Extension.PIDs)
}

// blockIO sets the weights, limits and latency targets of block devices.
func blockIO(s *plan.Scope, d *domain.Def) {
	s.IOWeight = given(d.IO.Weight)
	add := func(list *[]plan.DeviceFigure, path string, n uint64) {
		if n > 0 {
			*list = append(*list, plan.DeviceFigure{Path: path, Figure: n})
		}
	}
	for _, dev := range d.IO.Devices {
		add(&s.IODeviceWeight, dev.Path, dev.Weight)
		add(&s.IOReadIOPS, dev.Path, dev.ReadIOPS)
		add(&s.IOWriteIOPS, dev.Path, dev.WriteIOPS)
		add(&s.IOReadBPS, dev.Path, dev.ReadBPS)
		add(&s.IOWriteBPS, dev.Path, dev.WriteBPS)
	}
	for _, l := range d.Latencies {
		add(&s.IOLatency, l.Path, l.USec)
	}
}

// given returns nil for 0, which means unset in a definition.
func given(n uint64) *uint64 {
	if n == 0 {
		return nil
	}
	return &n
}

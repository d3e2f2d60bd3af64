package cli

import (
	"fmt"

	"github.com/berthd/berth/internal/client"
	"github.com/berthd/berth/internal/figures"
)

// field is one statistic. Its value is a uint64, or a string.
type field struct {
	name  string
	value any
}

// statistic is a figure with its name in domstats, and what one of it is there.
type statistic struct {
	name   string
	figure figures.Figure
	times  uint64 // 0: as it is
	over   uint64
}

const nsec = 1000 // of a microsecond

func fieldsOf(s *client.ContainerStats, list []statistic) []field {
	var fields []field
	for _, n := range list {
		value, known := s.Get(n.figure)
		if known {
			fields = append(fields, field{n.name, value * max(n.times, 1) / max(n.over, 1)})
		}
	}
	return fields
}

// libvirtState returns the numbers of a state and its reason in libvirt (virDomainState and virDomainRunningReason and
// kin). A container that starts is still off for libvirt.
func libvirtState(state, reason string) (uint64, uint64) {
	switch state {
	case "running":
		return 1, map[string]uint64{"booted": 1, "unpaused": 5}[reason]
	case "paused":
		return 3, map[string]uint64{"user": 1}[reason]
	case "stopping":
		return 4, 1
	case "starting":
		return 5, 0
	}
	return 5, map[string]uint64{"shutdown": 1, "destroyed": 2, "failed": 6, "oom": 6}[reason]
}

func stateFields(s *client.ContainerStats) []field {
	state, reason := libvirtState(s.State, s.Reason)
	return append([]field{{"state.state", state}, {"state.reason", reason}}, fieldsOf(s, []statistic{
		{name: "state.started_usec", figure: figures.StartedUSec},
		{name: "state.changed_usec", figure: figures.StateChangedUSec},
	})...)
}

func cpuFields(s *client.ContainerStats) []field {
	return fieldsOf(s, []statistic{
		{name: "cpu.time", figure: figures.CPUUsageUSec, times: nsec},
		{name: "cpu.user", figure: figures.CPUUserUSec, times: nsec},
		{name: "cpu.system", figure: figures.CPUSystemUSec, times: nsec},
		{name: "cpu.periods", figure: figures.CPUPeriods},
		{name: "cpu.throttled.periods", figure: figures.CPUThrottledPeriods},
		{name: "cpu.throttled.time", figure: figures.CPUThrottledUSec, times: nsec},
	})
}

func balloonFields(s *client.ContainerStats) []field {
	const kib = 1 << 10
	return fieldsOf(s, []statistic{
		{name: "balloon.current", figure: figures.MemoryCurrent, over: kib},
		{name: "balloon.maximum", figure: figures.MemoryMax, over: kib},
		{name: "balloon.major_fault", figure: figures.MemoryMajorPageFaults},
		{name: "balloon.minor_fault", figure: figures.MemoryPageFaults},
		{name: "balloon.rss", figure: figures.MemoryCurrent, over: kib},
		{name: "balloon.disk_caches", figure: figures.MemoryFile, over: kib},
	})
}

func vcpuFields(s *client.ContainerStats) []field {
	return fieldsOf(s, []statistic{{name: "vcpu.current", figure: figures.VCPUs}, {name: "vcpu.maximum", figure: figures.VCPUs}})
}

// blockFields has a device for each one that the container has used.
func blockFields(s *client.ContainerStats) []field {
	if _, counted := s.Get(figures.IOReadBytes); !counted {
		return nil
	}
	fields := []field{{"block.count", uint64(len(s.Block))}}
	for i, d := range s.Block {
		at := fmt.Sprintf("block.%d.", i)
		fields = append(fields, field{at + "name", d.Name},
			field{at + "rd.reqs", d.ReadOperations}, field{at + "rd.bytes", d.ReadBytes},
			field{at + "wr.reqs", d.WriteOperations}, field{at + "wr.bytes", d.WriteBytes})
	}
	return fields
}

// interfaceFields has the interfaces by their names in the container.
func interfaceFields(s *client.ContainerStats) []field {
	if s.State == "shutoff" {
		return nil
	}
	fields := []field{{"net.count", uint64(len(s.Interfaces))}}
	for n, i := range s.Interfaces {
		at := fmt.Sprintf("net.%d.", n)
		fields = append(append(fields, field{at + "name", i.Name}), trafficFields(at, '.', i)...)
	}
	return fields
}

func memoryFields(s *client.ContainerStats) []field {
	return fieldsOf(s, []statistic{
		{name: "memory.current", figure: figures.MemoryCurrent},
		{name: "memory.peak", figure: figures.MemoryPeak},
		{name: "memory.swap", figure: figures.MemorySwapCurrent},
		{name: "memory.maximum", figure: figures.MemoryMax},
		{name: "memory.anon", figure: figures.MemoryAnon},
		{name: "memory.file", figure: figures.MemoryFile},
		{name: "memory.shmem", figure: figures.MemoryShmem},
		{name: "memory.kernel", figure: figures.MemoryKernel},
		{name: "memory.events.high", figure: figures.MemoryHighEvents},
		{name: "memory.events.max", figure: figures.MemoryMaxEvents},
		{name: "memory.events.oom", figure: figures.MemoryOOMEvents},
		{name: "memory.events.oom_kill", figure: figures.MemoryOOMKills},
	})
}

func taskFields(s *client.ContainerStats) []field {
	return fieldsOf(s, []statistic{
		{name: "tasks.current", figure: figures.TasksCurrent},
		{name: "tasks.maximum", figure: figures.TasksMax},
		{name: "tasks.events.max", figure: figures.TasksMaxEvents},
	})
}

// pressureFields has times in nanoseconds, and shares of the last 10 seconds in hundredths of a percent.
func pressureFields(s *client.ContainerStats) []field {
	return fieldsOf(s, []statistic{
		{name: "pressure.cpu.some.time", figure: figures.CPUPressureSomeUSec, times: nsec},
		{name: "pressure.cpu.some.avg10", figure: figures.CPUPressureSomeAvg10},
		{name: "pressure.cpu.full.time", figure: figures.CPUPressureFullUSec, times: nsec},
		{name: "pressure.cpu.full.avg10", figure: figures.CPUPressureFullAvg10},
		{name: "pressure.memory.some.time", figure: figures.MemoryPressureSomeUSec, times: nsec},
		{name: "pressure.memory.some.avg10", figure: figures.MemoryPressureSomeAvg10},
		{name: "pressure.memory.full.time", figure: figures.MemoryPressureFullUSec, times: nsec},
		{name: "pressure.memory.full.avg10", figure: figures.MemoryPressureFullAvg10},
		{name: "pressure.io.some.time", figure: figures.IOPressureSomeUSec, times: nsec},
		{name: "pressure.io.some.avg10", figure: figures.IOPressureSomeAvg10},
		{name: "pressure.io.full.time", figure: figures.IOPressureFullUSec, times: nsec},
		{name: "pressure.io.full.avg10", figure: figures.IOPressureFullAvg10},
	})
}

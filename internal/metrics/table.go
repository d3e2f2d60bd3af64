package metrics

import "github.com/berthd/berth/internal/figures"

// kind is the type of a metric.
type kind string

const (
	counter kind = "counter"
	gauge   kind = "gauge"
)

// unit says how a value is written.
type unit int

const (
	plain        unit = iota
	microseconds      // as seconds
)

// family is a metric: all values of one name.
type family struct {
	name string // without the _total of a counter
	kind kind
	unit unit
	help string
}

// sample is the name in front of a value.
func (f *family) sample() string {
	if f.kind == counter {
		return f.name + "_total"
	}
	return f.name
}

// ofFigure is a metric that is one figure of each container.
type ofFigure struct {
	figure figures.Figure
	family
}

// The names of all metrics of a container begin so.
const container = "berth_container_"

// figureFamilies returns the metrics that are figures, in the order of the text.
func figureFamilies() []ofFigure {
	list := append(cpuFamilies(), memoryFamilies()...)
	return append(list, otherFamilies()...)
}

func cpuFamilies() []ofFigure {
	return []ofFigure{
		{figures.StartedUSec, family{"start_time_seconds", gauge, microseconds, "When the container was started, since the epoch."}},
		{figures.StateChangedUSec, family{"state_change_time_seconds", gauge, microseconds, "When the state of the container has changed last, since the epoch."}},
		{figures.VCPUs, family{"vcpus", gauge, plain, "Processors that the definition of the container asks for."}},
		{figures.CPUUsageUSec, family{"cpu_seconds", counter, microseconds, "Processor time of the container."}},
		{figures.CPUUserUSec, family{"cpu_user_seconds", counter, microseconds, "The part of the processor time that was spent in programs."}},
		{figures.CPUSystemUSec, family{"cpu_system_seconds", counter, microseconds, "The part of the processor time that was spent in the kernel."}},
		{figures.CPUPeriods, family{"cpu_periods", counter, plain, "Periods of the processor quota in which the container ran."}},
		{figures.CPUThrottledPeriods, family{"cpu_throttled_periods", counter, plain, "Periods in which the quota was used up."}},
		{figures.CPUThrottledUSec, family{"cpu_throttled_seconds", counter, microseconds, "How long processes waited for the next period."}},
		{figures.CPUPressureSomeUSec, family{"pressure_cpu_waiting_seconds", counter, microseconds, "How long some processes waited for a processor."}},
		{figures.CPUPressureFullUSec, family{"pressure_cpu_stalled_seconds", counter, microseconds, "How long all processes waited for a processor."}},
	}
}

func memoryFamilies() []ofFigure {
	return []ofFigure{
		{figures.MemoryCurrent, family{"memory_usage_bytes", gauge, plain, "Memory of the container, page cache included."}},
		{figures.MemoryPeak, family{"memory_peak_bytes", gauge, plain, "The most memory that the container had."}},
		{figures.MemorySwapCurrent, family{"memory_swap_bytes", gauge, plain, "Swap of the container."}},
		{figures.MemoryMax, family{"memory_limit_bytes", gauge, plain, "Limit of the memory; absent if there is none."}},
		{figures.MemoryAnon, family{"memory_anon_bytes", gauge, plain, "Memory of processes that no file backs."}},
		{figures.MemoryFile, family{"memory_file_bytes", gauge, plain, "Page cache, tmpfs included."}},
		{figures.MemoryKernel, family{"memory_kernel_bytes", gauge, plain, "Memory of the kernel for the container."}},
		{figures.MemoryShmem, family{"memory_shmem_bytes", gauge, plain, "Shared memory and tmpfs."}},
		{figures.MemoryPageFaults, family{"memory_page_faults", counter, plain, "Page faults."}},
		{figures.MemoryMajorPageFaults, family{"memory_major_page_faults", counter, plain, "Page faults that waited for a disk."}},
		{figures.MemoryHighEvents, family{"memory_high_events", counter, plain, "How often processes were slowed down above memory.high."}},
		{figures.MemoryMaxEvents, family{"memory_limit_events", counter, plain, "How often the limit of the memory was reached."}},
		{figures.MemoryOOMEvents, family{"memory_oom_events", counter, plain, "How often reclaiming memory did not help at the limit."}},
		{figures.MemoryOOMKills, family{"oom_kills", counter, plain, "Processes that the kernel has killed for want of memory."}},
		{figures.MemoryPressureSomeUSec, family{"pressure_memory_waiting_seconds", counter, microseconds, "How long some processes waited for memory."}},
		{figures.MemoryPressureFullUSec, family{"pressure_memory_stalled_seconds", counter, microseconds, "How long all processes waited for memory."}},
	}
}

func otherFamilies() []ofFigure {
	return []ofFigure{
		{figures.TasksCurrent, family{"tasks", gauge, plain, "Processes and threads of the container."}},
		{figures.TasksMax, family{"tasks_limit", gauge, plain, "Limit of processes and threads; absent if there is none."}},
		{figures.TasksMaxEvents, family{"tasks_limit_events", counter, plain, "How often the limit of processes and threads refused one."}},
		{figures.IOPressureSomeUSec, family{"pressure_io_waiting_seconds", counter, microseconds, "How long some processes waited for disks."}},
		{figures.IOPressureFullUSec, family{"pressure_io_stalled_seconds", counter, microseconds, "How long all processes waited for disks."}},
	}
}

// ofDevice is a metric of each block device of each container.
type ofDevice struct {
	family
	value func(*figures.Device) uint64
}

func deviceFamilies() []ofDevice {
	return []ofDevice{
		{family{"io_read_bytes", counter, plain, "Bytes that were read from a block device."}, func(d *figures.Device) uint64 { return d.ReadBytes }},
		{family{"io_written_bytes", counter, plain, "Bytes that were written to a block device."}, func(d *figures.Device) uint64 { return d.WriteBytes }},
		{family{"io_reads", counter, plain, "Reads from a block device."}, func(d *figures.Device) uint64 { return d.ReadOperations }},
		{family{"io_writes", counter, plain, "Writes to a block device."}, func(d *figures.Device) uint64 { return d.WriteOperations }},
	}
}

// ofInterface is a metric of each network interface of each container.
type ofInterface struct {
	family
	value func(*figures.Interface) uint64
}

func interfaceFamilies() []ofInterface {
	return []ofInterface{
		{family{"network_receive_bytes", counter, plain, "Bytes that came in."}, func(i *figures.Interface) uint64 { return i.Receive.Bytes }},
		{family{"network_receive_packets", counter, plain, "Packets that came in."}, func(i *figures.Interface) uint64 { return i.Receive.Packets }},
		{family{"network_receive_errs", counter, plain, "Errors of packets that came in."}, func(i *figures.Interface) uint64 { return i.Receive.Errors }},
		{family{"network_receive_drop", counter, plain, "Packets that came in and were dropped."}, func(i *figures.Interface) uint64 { return i.Receive.Drops }},
		{family{"network_transmit_bytes", counter, plain, "Bytes that went out."}, func(i *figures.Interface) uint64 { return i.Transmit.Bytes }},
		{family{"network_transmit_packets", counter, plain, "Packets that went out."}, func(i *figures.Interface) uint64 { return i.Transmit.Packets }},
		{family{"network_transmit_errs", counter, plain, "Errors of packets that went out."}, func(i *figures.Interface) uint64 { return i.Transmit.Errors }},
		{family{"network_transmit_drop", counter, plain, "Packets that should go out and were dropped."}, func(i *figures.Interface) uint64 { return i.Transmit.Drops }},
	}
}

package figures

// Figure is one number of a container. Its name is a contract: org.berth1(5) has it.
type Figure uint8

// The figures. Names have the unit of a time; a size is in bytes, and a permyriad is a hundredth of a percent.
const (
	StartedUSec Figure = iota // CLOCK_REALTIME
	StateChangedUSec

	VCPUs
	CPUUsageUSec
	CPUUserUSec
	CPUSystemUSec
	CPUPeriods // of the quota
	CPUThrottledPeriods
	CPUThrottledUSec

	MemoryCurrent
	MemoryPeak
	MemorySwapCurrent
	MemoryMax // absent if there is no limit
	MemoryAnon
	MemoryFile
	MemoryKernel
	MemoryShmem
	MemoryPageFaults
	MemoryMajorPageFaults
	MemoryHighEvents // how often processes were slowed down above memory.high
	MemoryMaxEvents  // how often the limit was reached
	MemoryOOMEvents  // how often reclaiming did not help then
	MemoryOOMKills   // processes that the OOM killer took

	IOReadBytes // of all block devices
	IOReadOperations
	IOWriteBytes
	IOWriteOperations

	TasksCurrent
	TasksMax       // absent if there is no limit
	TasksMaxEvents // forks that the limit refused

	CPUPressureSomeUSec
	CPUPressureSomeAvg10
	CPUPressureFullUSec
	CPUPressureFullAvg10
	MemoryPressureSomeUSec
	MemoryPressureSomeAvg10
	MemoryPressureFullUSec
	MemoryPressureFullAvg10
	IOPressureSomeUSec
	IOPressureSomeAvg10
	IOPressureFullUSec
	IOPressureFullAvg10

	NetReceiveBytes // of all interfaces, as the container sees them
	NetReceivePackets
	NetReceiveErrors
	NetReceiveDrops
	NetTransmitBytes
	NetTransmitPackets
	NetTransmitErrors
	NetTransmitDrops

	Count // of all
)

// Group is a set of kinds of figures, which cost one another nothing.
type Group uint8

// The groups.
const (
	State Group = 1 << iota
	CPU
	Memory
	IO
	PIDs
	Pressure
	Net

	All = State | CPU | Memory | IO | PIDs | Pressure | Net
)

// GroupNames returns the names of the groups, in their order.
func GroupNames() []string {
	return []string{"state", "cpu", "memory", "io", "pids", "pressure", "net"}
}

// GroupOf returns the group with a name.
func GroupOf(name string) (g Group, ok bool) {
	for i, known := range GroupNames() {
		if known == name {
			return 1 << i, true
		}
	}
	return 0, false
}

// Has reports whether the set has all of another.
func (g Group) Has(other Group) bool { return g&other == other }

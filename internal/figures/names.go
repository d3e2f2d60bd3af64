package figures

// String returns the name.
func (f Figure) String() string { return nameTable[f] }

// Named returns the figure with a name. A newer berthd has figures that nobody here knows.
func Named(name []byte) (f Figure, known bool) {
	f, known = byName[string(name)]
	return f, known
}

//nolint:gochecknoglobals // as nameTable
var byName = func() map[string]Figure {
	all := make(map[string]Figure, Count)
	for f, name := range nameTable {
		all[name] = Figure(f)
	}
	return all
}()

//nolint:gochecknoglobals // a table of constants: to build it for each call would take longer than to read the figures
var nameTable = [Count]string{
	StartedUSec:      "started-usec",
	StateChangedUSec: "state-changed-usec",

	VCPUs:               "vcpus",
	CPUUsageUSec:        "cpu-usage-usec",
	CPUUserUSec:         "cpu-user-usec",
	CPUSystemUSec:       "cpu-system-usec",
	CPUPeriods:          "cpu-periods",
	CPUThrottledPeriods: "cpu-throttled-periods",
	CPUThrottledUSec:    "cpu-throttled-usec",

	MemoryCurrent:         "memory-current",
	MemoryPeak:            "memory-peak",
	MemorySwapCurrent:     "memory-swap-current",
	MemoryMax:             "memory-max",
	MemoryAnon:            "memory-anon",
	MemoryFile:            "memory-file",
	MemoryKernel:          "memory-kernel",
	MemoryShmem:           "memory-shmem",
	MemoryPageFaults:      "memory-page-faults",
	MemoryMajorPageFaults: "memory-major-page-faults",
	MemoryHighEvents:      "memory-high-events",
	MemoryMaxEvents:       "memory-max-events",
	MemoryOOMEvents:       "memory-oom-events",
	MemoryOOMKills:        "memory-oom-kills",

	IOReadBytes:       "io-read-bytes",
	IOReadOperations:  "io-read-operations",
	IOWriteBytes:      "io-write-bytes",
	IOWriteOperations: "io-write-operations",

	TasksCurrent:   "tasks-current",
	TasksMax:       "tasks-max",
	TasksMaxEvents: "tasks-max-events",

	CPUPressureSomeUSec:     "cpu-pressure-some-usec",
	CPUPressureSomeAvg10:    "cpu-pressure-some-avg10-permyriad",
	CPUPressureFullUSec:     "cpu-pressure-full-usec",
	CPUPressureFullAvg10:    "cpu-pressure-full-avg10-permyriad",
	MemoryPressureSomeUSec:  "memory-pressure-some-usec",
	MemoryPressureSomeAvg10: "memory-pressure-some-avg10-permyriad",
	MemoryPressureFullUSec:  "memory-pressure-full-usec",
	MemoryPressureFullAvg10: "memory-pressure-full-avg10-permyriad",
	IOPressureSomeUSec:      "io-pressure-some-usec",
	IOPressureSomeAvg10:     "io-pressure-some-avg10-permyriad",
	IOPressureFullUSec:      "io-pressure-full-usec",
	IOPressureFullAvg10:     "io-pressure-full-avg10-permyriad",

	NetReceiveBytes:    "net-receive-bytes",
	NetReceivePackets:  "net-receive-packets",
	NetReceiveErrors:   "net-receive-errors",
	NetReceiveDrops:    "net-receive-drops",
	NetTransmitBytes:   "net-transmit-bytes",
	NetTransmitPackets: "net-transmit-packets",
	NetTransmitErrors:  "net-transmit-errors",
	NetTransmitDrops:   "net-transmit-drops",
}

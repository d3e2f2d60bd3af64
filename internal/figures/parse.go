package figures

import (
	"bytes"
	"fmt"
	"math"
)

// number reads a decimal number. It takes no sign, and nothing beside the digits.
func number(text []byte) (n uint64, err error) {
	if len(text) == 0 {
		return 0, fmt.Errorf("no number")
	}
	for _, c := range text {
		digit := uint64(c - '0')
		if digit > 9 || n > (math.MaxUint64-digit)/10 {
			return 0, fmt.Errorf("%q is no number of 64 bits", text)
		}
		n = n*10 + digit
	}
	return n, nil
}

// line takes the first line, without its end, off a text.
func line(text []byte) (first, rest []byte) {
	first, rest, _ = bytes.Cut(text, []byte{'\n'})
	return first, rest
}

// flat calls each with the keys and numbers of a flat-keyed file (cgroup-v2.rst, "Format").
func flat(text []byte, each func(key []byte, value uint64)) error {
	for len(text) > 0 {
		var l []byte
		l, text = line(text)
		key, value, _ := bytes.Cut(l, []byte{' '})
		n, err := number(value)
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		each(key, n)
	}
	return nil
}

// Single enters the number of a file that has one. "max", which is no limit, is not entered.
func (s *Set) Single(f Figure, text []byte) error {
	text, _ = line(text)
	if string(text) == "max" {
		return nil
	}
	n, err := number(text)
	if err == nil {
		s.Put(f, n)
	}
	return err
}

// CPUUsage enters what the cpu.stat of a group says of its processes.
func (s *Set) CPUUsage(text []byte) error {
	return flat(text, func(key []byte, n uint64) {
		switch string(key) {
		case "usage_usec":
			s.Put(CPUUsageUSec, n)
		case "user_usec":
			s.Put(CPUUserUSec, n)
		case "system_usec":
			s.Put(CPUSystemUSec, n)
		}
	})
}

// CPUThrottling enters what the cpu.stat of the group with the quota says of that. Only the controller writes it.
func (s *Set) CPUThrottling(text []byte) error {
	return flat(text, func(key []byte, n uint64) {
		switch string(key) {
		case "nr_periods":
			s.Put(CPUPeriods, n)
		case "nr_throttled":
			s.Put(CPUThrottledPeriods, n)
		case "throttled_usec":
			s.Put(CPUThrottledUSec, n)
		}
	})
}

// MemoryStat enters what a memory.stat says.
func (s *Set) MemoryStat(text []byte) error {
	return flat(text, func(key []byte, n uint64) {
		switch string(key) {
		case "anon":
			s.Put(MemoryAnon, n)
		case "file":
			s.Put(MemoryFile, n)
		case "kernel": // Linux 5.18
			s.Put(MemoryKernel, n)
		case "shmem":
			s.Put(MemoryShmem, n)
		case "pgfault":
			s.Put(MemoryPageFaults, n)
		case "pgmajfault":
			s.Put(MemoryMajorPageFaults, n)
		}
	})
}

// MemoryEvents enters what the memory.events of the group with the limits says.
func (s *Set) MemoryEvents(text []byte) error {
	return flat(text, func(key []byte, n uint64) {
		switch string(key) {
		case "high":
			s.Put(MemoryHighEvents, n)
		case "max":
			s.Put(MemoryMaxEvents, n)
		case "oom":
			s.Put(MemoryOOMEvents, n)
		case "oom_kill":
			s.Put(MemoryOOMKills, n)
		}
	})
}

// PIDsEvents adds the refused forks of a pids.events.
func (s *Set) PIDsEvents(text []byte) error {
	return flat(text, func(key []byte, n uint64) {
		if string(key) == "max" {
			s.Add(TasksMaxEvents, n)
		}
	})
}

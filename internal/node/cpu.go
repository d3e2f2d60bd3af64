package node

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// tick is the unit of /proc/stat, in nanoseconds: Linux shows 100 in a second, whatever it counts with.
const tick = 10_000_000

// CPUTime says for what a processor was used since the host's boot, in nanoseconds.
type CPUTime struct {
	CPU                        int // All: the sum of all
	User, System, Idle, IOWait uint64
}

// ParseStat reads the lines of /proc/stat about processors: first their sum, then each one that is online. Like
// libvirt, it counts nice to user, and interrupts to system.
func ParseStat(text string) ([]CPUTime, error) {
	var list []CPUTime
	for line := range strings.Lines(text) {
		name, isCPU := strings.CutPrefix(line, "cpu")
		if !isCPU {
			break // they come first
		}
		fields := strings.Fields(name)
		t := CPUTime{CPU: All}
		if !strings.HasPrefix(name, " ") && len(fields) > 0 {
			n, err := number(fields[0])
			if err != nil {
				return nil, fmt.Errorf("stat: %.30q is no processor", fields[0])
			}
			t.CPU, fields = n, fields[1:]
		}
		if err := t.fill(fields); err != nil {
			return nil, err
		}
		if (t.CPU == All) != (len(list) == 0) {
			return nil, errors.New("stat: the sum of the processors is not first")
		}
		list = append(list, t)
	}
	if len(list) == 0 {
		return nil, errors.New("stat: no processor")
	}
	return list, nil
}

// fill reads user, nice, system, idle, iowait, irq and softirq.
func (t *CPUTime) fill(fields []string) error {
	const used = 7
	if len(fields) < used {
		return fmt.Errorf("stat: %d figures of a processor", len(fields))
	}
	for i, sum := range [used]*uint64{&t.User, &t.User, &t.System, &t.Idle, &t.IOWait, &t.System, &t.System} {
		ticks, err := strconv.ParseUint(fields[i], 10, 64)
		if err != nil {
			return fmt.Errorf("stat: %.30q is not a number", fields[i])
		}
		*sum += ticks * tick
	}
	return nil
}

// ParseMHz returns the frequency of the first processor in /proc/cpuinfo, or 0 if it says none.
func ParseMHz(cpuinfo string) uint32 {
	for line := range strings.Lines(cpuinfo) {
		name, value, _ := strings.Cut(line, ":")
		if !strings.HasPrefix(name, "cpu MHz") {
			continue
		}
		whole, _, _ := strings.Cut(strings.TrimSpace(value), ".")
		mhz, _ := strconv.ParseUint(whole, 10, 32)
		return uint32(mhz)
	}
	return 0
}

package procview

import (
	"bytes"
	"strconv"
)

// CPU holds a control group's figures of processors.
type CPU struct {
	Set                      []byte // cpuset.cpus.effective, such as "0-3,8"; empty means all of the host's
	Quota                    uint64 // the quota of time, in whole processors; None means no limit
	Used, User, System, Nice uint64 // cpu.stat, in µs; Nice is a part of User
	Lived                    uint64 // µs since the container's start, on the clock that goes on while the host sleeps
	Started                  int64  // the container's start, in seconds since 1970
	// The kernel's clocks begin at the container's start for its processes. If they do not, the kernel counts
	// the start times of processes from the host's start, and uptime and btime must be the host's as well.
	OwnTime bool
}

// SetStat sets the figures that cpu.stat has.
func (c *CPU) SetStat(text []byte) {
	c.Used, _ = value(text, "usage_usec")
	c.User, _ = value(text, "user_usec")
	c.System, _ = value(text, "system_usec")
	c.Nice, _ = value(text, "nice_usec") // since Linux 6.10
	c.Nice = min(c.Nice, c.User)
}

// Quota reads cpu.max, "QUOTA PERIOD" in µs. It returns the quota in whole processors, rounded up, or
// None if there is no limit.
func Quota(text []byte) uint64 {
	quota, period, _ := bytes.Cut(bytes.TrimSpace(text), []byte{' '})
	q, p := Limit(quota), Limit(period)
	if q == None || p == None || q == 0 || p == 0 {
		return None
	}
	return (q-1)/p + 1
}

// has reports whether n is in a list of the kernel's, such as "0-3,8". An empty list has all numbers.
func has(list []byte, n uint64) bool {
	list = bytes.TrimSpace(list)
	all := len(list) == 0
	for len(list) > 0 {
		item, rest, _ := bytes.Cut(list, []byte{','})
		first, last, isRange := bytes.Cut(item, []byte{'-'})
		if !isRange {
			last = first
		}
		if number(first) <= n && n <= number(last) {
			return true
		}
		list = rest
	}
	return all
}

// Cpuinfo appends /proc/cpuinfo. It shows the processors that the container may use, but not more
// than its quota, and numbers them from 0. Each processor's part of the host's file ends with an
// empty line. The lines after the last part are about the machine (32-bit arm, powerpc), and stay.
func Cpuinfo(dst, host []byte, c CPU) []byte {
	shown, on := uint64(0), true
	lines(host, func(line []byte) {
		if key, n, _ := bytes.Cut(line, []byte{':'}); string(bytes.TrimSpace(key)) == "processor" {
			if on = shown < c.Quota && has(c.Set, number(n)); on {
				dst = append(append(append(dst, key...), ": "...), strconv.FormatUint(shown, 10)...)
				dst = append(dst, '\n')
				shown++
			}
			return
		}
		if on {
			dst = append(append(dst, line...), '\n')
		}
		on = on || len(line) == 0
	})
	return dst
}

// count returns how many of the processors in the host's /proc/stat the container may use. It is at
// least 1.
func (c *CPU) count(stat []byte) uint64 {
	n := uint64(0)
	lines(stat, func(line []byte) {
		if id, ok := processor(line); ok && n < c.Quota && has(c.Set, id) {
			n++
		}
	})
	return max(n, 1)
}

// processor reads the number N of a line "cpuN ...". It returns false for any other line.
func processor(line []byte) (uint64, bool) {
	rest, ok := bytes.CutPrefix(line, []byte("cpu"))
	if !ok || len(rest) == 0 || rest[0] < '0' || rest[0] > '9' {
		return 0, false
	}
	return number(rest), true
}

// Stat appends /proc/stat, with the times of the container's processors. They are numbered from 0. As in the
// kernel the first line also has the times of processors that are gone. The lines other than cpu and btime
// are the host's.
func Stat(dst, host []byte, c CPU, t *Times) []byte {
	t.Update(&c, c.count(host))
	lines(host, func(text []byte) {
		switch {
		case bytes.HasPrefix(text, []byte("cpu ")):
			dst = line(append(dst, "cpu "...), &t.total)
			for i := range t.processors {
				dst = line(strconv.AppendUint(append(dst, "cpu"...), i, 10), &t.each[i])
			}
		case bytes.HasPrefix(text, []byte("cpu")):
		case c.OwnTime && bytes.HasPrefix(text, []byte("btime ")):
			dst = append(strconv.AppendInt(append(dst, "btime "...), c.Started, 10), '\n')
		default:
			dst = append(append(dst, text...), '\n')
		}
	})
	return dst
}

// Uptime appends /proc/uptime: the time since the container's start, and the idle time of all its processors.
// It counts the processors in the host's /proc/stat. Without a clock of the container's own the first figure
// is that of the host's /proc/uptime.
func Uptime(dst, host, stat []byte, c CPU, t *Times) []byte {
	t.Update(&c, c.count(stat))
	if up, _, ok := bytes.Cut(host, []byte{' '}); ok && !c.OwnTime {
		dst = append(dst, up...)
	} else {
		dst = hundredths(dst, c.Lived)
	}
	dst = hundredths(append(dst, ' '), t.total[idle])
	return append(dst, '\n')
}

// hundredths appends µs as seconds with two decimal places. It cuts off the rest.
func hundredths(dst []byte, us uint64) []byte {
	dst = append(strconv.AppendUint(dst, us/1_000_000, 10), '.')
	part := us / 10_000 % 100
	return append(dst, byte('0'+part/10), byte('0'+part%10))
}

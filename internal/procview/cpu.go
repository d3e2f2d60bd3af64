package procview

import (
	"bytes"
	"strconv"
)

// CPU is what a control group says of its processors.
type CPU struct {
	Set                      []byte // cpuset.cpus.effective: "0-3,8"; empty for all of the host's
	Quota                    uint64 // processors' worth of time that it may use; None for no limit
	Used, User, System, Nice uint64 // cpu.stat, in µs; Nice is a part of User
	Lived                    uint64 // µs since the start
	Started                  int64  // the start, in seconds since 1970
}

// SetStat takes the figures of cpu.stat.
func (c *CPU) SetStat(text []byte) {
	c.Used, _ = value(text, "usage_usec")
	c.User, _ = value(text, "user_usec")
	c.System, _ = value(text, "system_usec")
	c.Nice, _ = value(text, "nice_usec") // kernel 6.10
	c.Nice = min(c.Nice, c.User)
}

// Quota reads cpu.max, "QUOTA PERIOD" in µs: how many processors' worth that is, rounded up.
func Quota(text []byte) uint64 {
	quota, period, _ := bytes.Cut(bytes.TrimSpace(text), []byte{' '})
	q, p := Limit(quota), Limit(period)
	if q == None || p == None || q == 0 || p == 0 {
		return None
	}
	return (q-1)/p + 1
}

// has says whether a list of numbers and ranges, as the kernel writes it, has n; an empty one has all.
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

// Cpuinfo makes /proc/cpuinfo: the host's parts of the processors that the container may use, as many
// as its quota is worth, numbered from 0. A part ends with an empty line; what some architectures say
// behind the last one is of the machine (32-bit arm, powerpc).
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

// count counts the processors that the host's /proc/stat has and the container may use.
func (c *CPU) count(stat []byte) uint64 {
	n := uint64(0)
	lines(stat, func(line []byte) {
		if id, ok := processor(line); ok && n < c.Quota && has(c.Set, id) {
			n++
		}
	})
	return max(n, 1)
}

// processor reads the number of a "cpuN ..." line.
func processor(line []byte) (uint64, bool) {
	rest, ok := bytes.CutPrefix(line, []byte("cpu"))
	if !ok || len(rest) == 0 || rest[0] < '0' || rest[0] > '9' {
		return 0, false
	}
	return number(rest), true
}

// idle is the time that n processors had nothing of the container to do, in µs.
func (c *CPU) idle(n uint64) uint64 { return less(n*c.Lived, c.Used) }

// tick is the unit of /proc/stat in µs: USER_HZ is 100 on all that Go runs on.
const tick = 10_000

// Stat makes /proc/stat. A control group has no figures of single processors, so each has an equal
// share. The lines other than cpu and btime are the host's.
func Stat(dst, host []byte, c CPU) []byte {
	n := c.count(host)
	lines(host, func(line []byte) {
		switch {
		case bytes.HasPrefix(line, []byte("cpu ")):
			dst = c.line(append(dst, "cpu "...), n, 1)
			for i := range n {
				dst = c.line(strconv.AppendUint(append(dst, "cpu"...), i, 10), n, n)
			}
		case bytes.HasPrefix(line, []byte("cpu")):
		case bytes.HasPrefix(line, []byte("btime ")):
			dst = append(strconv.AppendInt(append(dst, "btime "...), c.Started, 10), '\n')
		default:
			dst = append(append(dst, line...), '\n')
		}
	})
	return dst
}

// line appends user, nice, system, idle, and what no group counts: iowait, irq, softirq, steal,
// guest, guest_nice.
func (c *CPU) line(dst []byte, processors, share uint64) []byte {
	for _, us := range [...]uint64{c.User - c.Nice, c.Nice, c.System, c.idle(processors)} {
		dst = strconv.AppendUint(append(dst, ' '), us/share/tick, 10)
	}
	return append(dst, " 0 0 0 0 0 0\n"...)
}

// Uptime makes /proc/uptime: since the container's start, and the idle time of its processors together.
// The host's /proc/stat says how many there are.
func Uptime(dst, stat []byte, c CPU) []byte {
	dst = hundredths(dst, c.Lived)
	dst = hundredths(append(dst, ' '), c.idle(c.count(stat)))
	return append(dst, '\n')
}

// hundredths appends µs as seconds with two places, the rest cut off.
func hundredths(dst []byte, us uint64) []byte {
	dst = append(strconv.AppendUint(dst, us/1_000_000, 10), '.')
	part := us / 10_000 % 100
	return append(dst, byte('0'+part/10), byte('0'+part%10))
}

package procview

import (
	"bytes"
	"math"
	"strconv"
)

// Load is the container's load: the number of processors that it keeps busy, averaged over 1, 5 and
// 15 minutes as the kernel does. It is updated when it is read, from the processor time used since
// the previous update, so nothing polls. It does not count processes that wait for a processor or a
// disk. The zero value is the load at the start.
type Load struct {
	lived    uint64 // µs
	used     uint64 // µs
	averages [3]float64
	rate     float64 // since the last update
}

// leastSpan is the shortest time between two updates, in µs. A rate over less time is noise.
const leastSpan = 100_000

// Update updates the load from the time since the container's start and the processor time used since
// then, both in µs. It does nothing if the previous update was less than leastSpan ago.
func (l *Load) Update(lived, used uint64) {
	span := less(lived, l.lived)
	if span < leastSpan {
		return
	}
	l.rate = float64(less(used, l.used)) / float64(span)
	for i, minutes := range [...]float64{1, 5, 15} {
		kept := math.Exp(-float64(span) / (minutes * 60e6))
		l.averages[i] = l.averages[i]*kept + l.rate*(1-kept)
	}
	l.lived, l.used = lived, used
}

// Loadavg appends /proc/loadavg. The number of running processes is the number of busy processors,
// rounded up. It is at least 1, the reader. The number of all processes is pids.current, or the host's
// number without the pids controller. The last process id is 0, because nobody outside knows it.
func Loadavg(dst, host []byte, l *Load, pids []byte) []byte {
	for _, a := range l.averages {
		dst = append(strconv.AppendFloat(dst, a, 'f', 2, 64), ' ')
	}
	if len(pids) == 0 {
		_, pids, _ = bytes.Cut(host, []byte{'/'})
	}
	total := max(number(pids), 1)
	running := min(max(uint64(math.Ceil(l.rate)), 1), total)
	dst = append(strconv.AppendUint(dst, running, 10), '/')
	return append(strconv.AppendUint(dst, total, 10), " 0\n"...)
}

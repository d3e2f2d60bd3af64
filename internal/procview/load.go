package procview

import (
	"bytes"
	"math"
	"strconv"
)

// Load is the container's load: how many processors it keeps busy, averaged over 1, 5 and 15 minutes
// as the kernel averages. It is brought up to date when it is read, from the processor time used
// since the last time, so nothing polls. Processes that wait for a processor or a disk are not in it.
// The zero value is the load at the start.
type Load struct {
	lived    uint64 // µs
	used     uint64 // µs
	averages [3]float64
	rate     float64 // since the last update
}

// leastSpan is the least time between two updates, in µs: a rate over less is noise.
const leastSpan = 100_000

// Update takes the time since the start and the processor time used until now, in µs.
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

// Loadavg makes /proc/loadavg. The processes that run are the processors busy now, rounded up, at least
// the reader; pids.current is how many there are, the host's number without the pids controller. The
// last process id, which nobody outside knows, is 0.
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

package procview

import "strconv"

// The times of /proc/stat that a control group counts, in the order of their columns.
const (
	user = iota
	nice
	system
	idle
	kinds
)

// Times holds the times of the container's processors, in µs. They are updated when they are read, so
// nothing polls. They never go back, whatever limits change meanwhile. The zero value is that of a container's
// start.
type Times struct {
	lived, used uint64
	seen        [kinds]uint64 // the group's figures at the last update, not idle
	processors  uint64        // how many there were at the last update
	total       [kinds]uint64
	each        [][kinds]uint64 // by processor, also of those that are gone
	rest        [kinds]uint64   // what could not be divided among the processors yet
	debt        uint64          // work that was counted late, and is not idle time of the next update
}

// mostDebt limits Times.debt, for each processor. The kernel counts work late by a few ticks.
const mostDebt = 100_000

// Update adds the times since the last update. A control group has no figures of single processors, so each
// processor gets an equal share. If their number has changed, nobody knows when: the larger number counts.
func (t *Times) Update(c *CPU, processors uint64) {
	n := max(processors, t.processors, 1)
	t.processors = max(processors, 1)
	lived, used := advance(&t.lived, c.Lived), advance(&t.used, c.Used)+t.debt
	t.debt = min(less(used, n*lived), n*mostDebt)
	past := [kinds]uint64{idle: less(n*lived, used)}
	for kind, now := range [...]uint64{user: c.User - c.Nice, nice: c.Nice, system: c.System} {
		past[kind] = advance(&t.seen[kind], now)
	}
	for uint64(len(t.each)) < n {
		t.each = append(t.each, [kinds]uint64{})
	}
	for kind, us := range past {
		t.total[kind] += us
		us += t.rest[kind]
		t.rest[kind] = us % n
		for i := range t.each[:n] {
			t.each[i][kind] += us / n
		}
	}
}

// advance sets last to now, and returns the difference. It does nothing if now is smaller.
func advance(last *uint64, now uint64) uint64 {
	d := less(now, *last)
	*last += d
	return d
}

// tick is the unit of /proc/stat in µs. USER_HZ is 100 on all architectures that Go supports.
const tick = 10_000

// line appends one processor's times, or those of all. Then it appends 0 for the times that no control group
// counts: iowait, irq, softirq, steal, guest, guest_nice.
func line(dst []byte, times *[kinds]uint64) []byte {
	for _, us := range times {
		dst = strconv.AppendUint(append(dst, ' '), us/tick, 10)
	}
	return append(dst, " 0 0 0 0 0 0\n"...)
}

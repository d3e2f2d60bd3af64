package supervisor

import (
	"time"

	"golang.org/x/sys/unix"
)

// clock tells the age of a container.
type clock struct {
	now    func(id int32) time.Duration
	own    bool          // init has a time namespace that began with it
	began  time.Duration // the host's CLOCK_BOOTTIME at the beginning
	offset time.Duration // CLOCK_REALTIME less CLOCK_BOOTTIME, at the last read
}

// leastStep is the smallest step of the wall clock that moves the time of the start.
const leastStep = 10 * time.Millisecond

// read returns the container's age in µs, and its start in seconds since 1970. The latter changes only when
// somebody sets the host's clock, as btime of the kernel does.
func (c *clock) read() (lived uint64, started int64) {
	now, offset := c.now(unix.CLOCK_BOOTTIME), c.offset
	for range 3 { // again if this process was interrupted in between
		wall := c.now(unix.CLOCK_REALTIME)
		after := c.now(unix.CLOCK_BOOTTIME)
		offset = wall - after
		if after-now < leastStep/10 {
			break
		}
		now = after
	}
	if d := offset - c.offset; d >= leastStep || d <= -leastStep {
		c.offset = offset
	}
	return uint64(max(now-c.began, 0).Microseconds()), int64((c.offset + c.began) / time.Second)
}

func gettime(id int32) time.Duration {
	var now unix.Timespec
	_ = unix.ClockGettime(id, &now) // it has no error for these clocks
	return time.Duration(now.Nano())
}

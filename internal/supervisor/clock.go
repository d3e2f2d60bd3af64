package supervisor

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/namespace"
	"github.com/berthd/berth/internal/wire"
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

// cloneInTime clones init in a time namespace of its own. So the kernel counts uptime, btime and the start
// times of processes from the container's start, and whatever a program computes of them agrees. Where that
// cannot be, these figures are all the host's.
//
// The calling thread keeps the namespace for its children. It creates no other process.
func (s *supervisor) cloneInTime(p *wire.Prepare, handed, sources []*os.File) error {
	began, err := namespace.NewTime()
	if err != nil && !errors.Is(err, namespace.ErrNoOwnTime) {
		fmt.Fprintln(os.Stderr, "berth-supervisor: the container sees the host's uptime:", err)
	}
	if err != nil {
		began = gettime(unix.CLOCK_BOOTTIME)
	}
	s.clock = clock{now: gettime, own: err == nil, began: began}
	return s.clone(p, handed, sources)
}

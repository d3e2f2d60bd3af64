package supervisor

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestClock: the age goes on by the clock that counts the host's sleep. The start moves only when somebody sets
// the wall clock, neither when it is slewed nor when the reader is interrupted between the two clocks.
func TestClock(t *testing.T) {
	t.Parallel()
	var boot, wall, interruption time.Duration
	c := clock{began: 500 * time.Second, now: func(id int32) time.Duration {
		if id == unix.CLOCK_REALTIME {
			boot += interruption // once
			interruption = 0
			return wall + boot
		}
		return boot
	}}
	for _, s := range []struct {
		what                     string
		boot, wall, interruption time.Duration
		lived                    uint64
		started                  int64
	}{
		{"at the start", 500 * time.Second, 1_799_999_500_999_999 * time.Microsecond, 0, 0, 1_800_000_000},
		{"later", 600 * time.Second, 1_799_999_500_999_999 * time.Microsecond, 0, 100e6, 1_800_000_000},
		{"slewed", 601 * time.Second, 1_799_999_501_005_000 * time.Microsecond, 0, 101e6, 1_800_000_000},
		{"interrupted", 602 * time.Second, 1_799_999_500_999_999 * time.Microsecond, time.Hour, 3702e6, 1_800_000_000},
		{"the clock is set", 5000 * time.Second, 1_799_996_000 * time.Second, 0, 4500e6, 1_799_996_500},
	} {
		boot, wall, interruption = s.boot, s.wall, s.interruption
		if lived, started := c.read(); lived != s.lived || started != s.started {
			t.Errorf("%s: %d µs since %d, want %d since %d", s.what, lived, started, s.lived, s.started)
		}
	}
}

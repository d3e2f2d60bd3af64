package peers

import (
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// TestMemlockFilter: under the filter RLIMIT_MEMLOCK can be "raised" without effect, and other
// limits work. The filter is on a thread of its own, which no-new-privileges lets anybody do.
func TestMemlockFilter(t *testing.T) {
	t.Parallel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: the filter stays with the thread
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			t.Error(err)
			return
		}
		if err := installFilter(memlockFilter()); err != nil {
			t.Error(err)
			return
		}
		var after, other unix.Rlimit
		if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &other); err != nil || other.Max == 0 {
			t.Errorf("reading another limit: %v, %+v", err, other)
		}
		wanted := unix.Rlimit{Cur: 12345, Max: unix.RLIM_INFINITY}
		if err := unix.Prlimit(0, unix.RLIMIT_MEMLOCK, &wanted, nil); err != nil {
			t.Errorf("raising RLIMIT_MEMLOCK under the filter: %v", err)
		}
		if err := unix.Prlimit(0, unix.RLIMIT_MEMLOCK, nil, &after); err != nil || after.Cur != 0 {
			t.Errorf("reading RLIMIT_MEMLOCK: %v, %+v, want it untouched", err, after)
		}
		if err := unix.Prlimit(0, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: other.Max + 1, Max: other.Max}, nil); err == nil {
			t.Error("a bad RLIMIT_NOFILE was accepted: the filter answers more than RLIMIT_MEMLOCK")
		}
	}()
	<-done
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_MEMLOCK, &limit); err != nil || limit.Cur == 12345 {
		t.Errorf("RLIMIT_MEMLOCK is %+v, %v: the call had an effect", limit, err)
	}
}

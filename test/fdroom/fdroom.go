// Package fdroom leaves the process of a test few free descriptors.
package fdroom

import (
	"testing"

	"golang.org/x/sys/unix"
)

// Leave lets the process open so many more descriptors until the function that it returns is called. No other test may
// run meanwhile.
func Leave(t testing.TB, room int) (restore func()) {
	t.Helper()
	var free []int
	for len(free) <= room {
		fd, err := unix.Dup(0)
		if err != nil {
			t.Fatal(err)
		}
		free = append(free, fd)
	}
	var before unix.Rlimit
	err := unix.Getrlimit(unix.RLIMIT_NOFILE, &before)
	if err == nil {
		err = unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: uint64(free[room]), Max: before.Max})
	}
	for _, fd := range free {
		_ = unix.Close(fd)
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
			t.Fatal(err)
		}
	}
}

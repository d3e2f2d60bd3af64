package pidfd

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// OfChild opens a child of this process that is not reaped. It returns an error if the pid is of no child. Without a
// free descriptor it kills and reaps the child: nobody else would.
func OfChild(pid int) (*os.File, error) {
	// The child keeps its pid until it is reaped.
	if err := waitid(pid, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT); err != nil {
		return nil, fmt.Errorf("process %d is no child: %w", pid, err)
	}
	f, err := Open(pid)
	if err != nil {
		_ = unix.Kill(pid, unix.SIGKILL)
		_ = waitid(pid, unix.WEXITED)
	}
	return f, err
}

// ReapChild reaps a child that has ended, by its pid. It returns an error if it has not ended, or the pid is of no
// child.
func ReapChild(pid int) (Status, error) { return reap(unix.P_PID, pid) }

func waitid(pid, options int) error {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, options, nil)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// Package tty opens pseudoterminals of a private devpts (pts(4)). It keeps no state.
package tty

import (
	"fmt"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/hostlimit"
)

// OpenMaster opens a new pair in a devpts instance and unlocks it. It returns the master and the pair's
// number.
func OpenMaster(devpts *os.File) (*os.File, int, error) {
	fd, err := unix.Openat(int(devpts.Fd()), "ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	runtime.KeepAlive(devpts)
	if err != nil {
		return nil, 0, fmt.Errorf("open ptmx: %w", hostlimit.Explain(hostlimit.Terminal, err))
	}
	master := os.NewFile(uintptr(fd), "ptmx")
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		_ = master.Close()
		return nil, 0, fmt.Errorf("unlock pty: %w", err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		_ = master.Close()
		return nil, 0, fmt.Errorf("pty number: %w", err)
	}
	return master, n, nil
}

// OpenPeer opens the terminal end of pair n. It does not make it the controlling terminal.
func OpenPeer(devpts *os.File, n int) (*os.File, error) {
	fd, err := unix.Openat(int(devpts.Fd()), strconv.Itoa(n), unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	runtime.KeepAlive(devpts)
	if err != nil {
		return nil, fmt.Errorf("open pts/%d: %w", n, err)
	}
	return os.NewFile(uintptr(fd), "pts"), nil
}

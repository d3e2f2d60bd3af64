// Package tty opens pseudoterminals in a container (pts(4)). It keeps no state.
package tty

import (
	"errors"
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// where is the devpts of a container, below its root.
const where = "dev/pts"

// In opens a new pair in the devpts of a container, by the container's root. It returns the master and the terminal
// end. The container may have put anything in the place of its devpts: only a devpts is opened, and of that only what
// the kernel has in it, nothing that is mounted over it.
func In(root *os.File) (master, peer *os.File, err error) {
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS}
	dir, err := openat2(root, where, &how)
	if err != nil {
		return nil, nil, fmt.Errorf("the container has no terminals, open /%s: %w", where, err)
	}
	defer func() { _ = dir.Close() }()
	var fs unix.Statfs_t
	if err := unix.Fstatfs(int(dir.Fd()), &fs); err != nil {
		return nil, nil, fmt.Errorf("statfs /%s: %w", where, err)
	}
	if fs.Type != unix.DEVPTS_SUPER_MAGIC {
		return nil, nil, fmt.Errorf("the container has no terminals: /%s is no devpts", where)
	}
	how = unix.OpenHow{Flags: unix.O_RDWR | unix.O_NOCTTY | unix.O_CLOEXEC | unix.O_NONBLOCK, Resolve: unix.RESOLVE_NO_XDEV | unix.RESOLVE_NO_SYMLINKS}
	if master, err = openat2(dir, "ptmx", &how); err != nil {
		return nil, nil, fmt.Errorf("open ptmx: %w", err)
	}
	if peer, err = peerOf(master); err != nil {
		_ = master.Close()
		return nil, nil, err
	}
	return master, peer, nil
}

func openat2(dir *os.File, name string, how *unix.OpenHow) (*os.File, error) {
	for {
		fd, err := unix.Openat2(int(dir.Fd()), name, how)
		runtime.KeepAlive(dir)
		switch {
		case err == nil:
			return os.NewFile(uintptr(fd), name), nil
		case errors.Is(err, unix.EINTR), errors.Is(err, unix.EAGAIN): // a rename, while ".." was resolved
			continue
		}
		return nil, err
	}
}

// peerOf unlocks a pair, and opens its terminal end without a path (ioctl_tty(2), TIOCGPTPEER).
func peerOf(master *os.File) (*os.File, error) {
	defer runtime.KeepAlive(master)
	fd := int(master.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		return nil, fmt.Errorf("unlock pty: %w", err)
	}
	peer, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.TIOCGPTPEER, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC)
	if errno != 0 {
		return nil, fmt.Errorf("the terminal end of a pty: %w", errno)
	}
	return os.NewFile(peer, "pts"), nil
}

// Resize sets the size of a terminal. Its foreground processes get SIGWINCH if it changes.
func Resize(f *os.File, rows, columns uint32) error {
	err := unix.IoctlSetWinsize(int(f.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: uint16(min(rows, 1<<16-1)), Col: uint16(min(columns, 1<<16-1))})
	runtime.KeepAlive(f)
	if err != nil {
		return fmt.Errorf("resize a terminal: %w", err)
	}
	return nil
}

// Duplicate returns another descriptor of the same terminal.
func Duplicate(f *os.File) (*os.File, error) {
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	runtime.KeepAlive(f)
	if err != nil {
		return nil, fmt.Errorf("duplicate a terminal: %w", err)
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}

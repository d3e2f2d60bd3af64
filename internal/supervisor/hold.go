package supervisor

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/mount"
)

// hold keeps the host's file systems of the sources from being made read-only as long as this process
// lives. Root of a container with CAP_SYS_ADMIN and without a user namespace could do that to the whole
// host: "mount -o remount,ro /", as some guests say when they halt.
//
// Not every file system lets itself be held (mount.Hold). Such a source is left as it is: it is no reason
// not to start the container.
func (s *supervisor) hold() {
	devices := map[uint64]bool{}
	for _, src := range s.unheld {
		if src.Supplied {
			continue // the container's own file system
		}
		if held := holdSource(src.Path, devices); held != nil {
			s.held = append(s.held, held)
		}
	}
	if s.unheld != nil {
		s.holdKernels()
	}
	s.unheld = nil
}

// hostSetting is a file of the host's sysfs that every kernel has.
const hostSetting = "/sys/bus/platform/drivers_autoprobe"

// holdKernels holds the cgroup2 and the sysfs, of which the kernel has one for all. A container has the host's
// cgroup2, and without a network of its own the host's sysfs, too. A read-only cgroup2 would stop the host's
// systemd. Both have no files without a name, so a file open for writing holds them; nothing is written.
func (s *supervisor) holdKernels() {
	if held, err := s.payload.Hold(); err == nil {
		s.held = append(s.held, held)
	}
	if held, err := os.OpenFile(hostSetting, os.O_WRONLY, 0); err == nil {
		s.held = append(s.held, held)
	}
}

// holdSource holds the file system of a path. It returns nil if that cannot be held, or is one of devices.
func holdSource(path string, devices map[uint64]bool) *os.File {
	var st unix.Stat_t
	if unix.Stat(path, &st) != nil || devices[st.Dev] {
		return nil
	}
	device := st.Dev
	devices[device] = true
	if st.Mode&unix.S_IFMT != unix.S_IFDIR {
		path = filepath.Dir(path)
	}
	dir, err := os.OpenFile(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer func() { _ = dir.Close() }()
	if unix.Fstat(int(dir.Fd()), &st) != nil || st.Dev != device {
		return nil // the file is a mount of its own
	}
	held, err := mount.Hold(dir)
	if err != nil {
		return nil
	}
	return held
}

// Package initctl writes requests into the FIFO by which SysV's init, and systemd in its place, is told to change
// the runlevel (initctl(5) of sysvinit, systemd-initctl.service(8)). It keeps no state.
//
// The FIFO lies in a container, whose root is hostile. So the package resolves its name in that root, opens nothing
// but a FIFO, and writes only to one that a process of the container has open: never to the host's.
package initctl

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/inroot"
)

// Level is a runlevel.
type Level byte

// The runlevels that every init has.
const (
	PowerOff Level = '0'
	Reboot   Level = '6'
)

// ErrNone says that no process of the container reads requests from a FIFO.
var ErrNone = errors.New("no process of the container reads requests from an initctl FIFO")

// names returns where an init may have its FIFO, in the order in which libvirt looks.
func names() []string { return []string{"/run/initctl", "/dev/initctl", "/etc/.initctl"} }

// request returns struct init_request of sysvinit, with the size that it has on Linux.
func request(level Level) []byte {
	const magic, changeRunlevel = 0x03091969, 1
	buf := make([]byte, 384)
	binary.NativeEndian.PutUint32(buf[0:], magic)
	binary.NativeEndian.PutUint32(buf[4:], changeRunlevel)
	binary.NativeEndian.PutUint32(buf[8:], uint32(level))
	return buf
}

// Container is what the package needs of a container.
type Container struct {
	Init      uint32                   // its pid. The caller must not have reaped it
	Processes func() ([]uint32, error) // its processes
}

// Send asks the container's init to change to a runlevel. It returns ErrNone if nobody reads requests. It may wait
// for a file system that the container serves itself, such as FUSE.
func (c Container) Send(level Level) error {
	dir, err := os.OpenFile(proc(c.Init)+"/root", unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return fmt.Errorf("root of init: %w", err)
	}
	defer func() { _ = dir.Close() }()
	cause := ErrNone
	for _, name := range names() {
		err := c.send(inroot.New(dir), name, level)
		if err == nil {
			return nil
		}
		if !errors.Is(err, ErrNone) && !errors.Is(err, fs.ErrNotExist) {
			cause = err
		}
	}
	return cause
}

func (c Container) send(root inroot.Root, name string, level Level) error {
	found, err := root.Open(name, unix.O_PATH)
	if err != nil {
		return err
	}
	defer func() { _ = found.Close() }()
	id, fifo, err := identify(int(found.Fd()), "")
	runtime.KeepAlive(found)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if !fifo || ofHost(id) || !c.has(id) {
		return fmt.Errorf("%s: %w", name, ErrNone)
	}
	// By the descriptor: the name may lead to something else by now.
	fd, err := unix.Open(fmt.Sprintf("/proc/self/fd/%d", found.Fd()), unix.O_WRONLY|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	runtime.KeepAlive(found)
	switch {
	case errors.Is(err, unix.ENXIO): // it is open for writing only
		return fmt.Errorf("%s: %w", name, ErrNone)
	case err != nil:
		return fmt.Errorf("open %s: %w", name, err)
	}
	defer func() { _ = unix.Close(fd) }()
	if _, err := unix.Write(fd, request(level)); err != nil { // at once or not at all: it is shorter than PIPE_BUF
		return fmt.Errorf("write to %s: %w", name, err)
	}
	return nil
}

// identity tells a file from all others.
type identity struct {
	major, minor uint32
	inode        uint64
}

// identify reads the identity of a file below an open directory, and whether it is a FIFO. name is "" for the
// descriptor itself. It asks no server of a file system.
func identify(dir int, name string) (id identity, fifo bool, err error) {
	var st unix.Statx_t
	flags := unix.AT_STATX_DONT_SYNC | unix.AT_NO_AUTOMOUNT
	if name == "" {
		flags |= unix.AT_EMPTY_PATH
	}
	if err := unix.Statx(dir, name, flags, unix.STATX_TYPE|unix.STATX_INO, &st); err != nil {
		return identity{}, false, err
	}
	return identity{st.Dev_major, st.Dev_minor, st.Ino}, st.Mode&unix.S_IFMT == unix.S_IFIFO, nil
}

// ofHost reports whether a FIFO is that of the host's init: a container may share the host's root, or its /run.
func ofHost(id identity) bool {
	for _, root := range []string{"", "/proc/1/root"} {
		for _, name := range names() {
			if host, _, err := identify(unix.AT_FDCWD, root+name); err == nil && host == id {
				return true
			}
		}
	}
	return false
}

// has reports whether a process of the container has the file open. Init is asked first: it is the reader, unless
// systemd has passed the FIFO on.
func (c Container) has(id identity) bool {
	if open(c.Init, id) {
		return true
	}
	pids, err := c.Processes()
	if err != nil {
		return false
	}
	for _, pid := range pids {
		if open(pid, id) {
			return true
		}
	}
	return false
}

// open reports whether a process has a file open.
func open(pid uint32, id identity) bool {
	dir, err := os.Open(proc(pid) + "/fd")
	if err != nil {
		return false
	}
	defer func() { _ = dir.Close() }()
	for {
		list, err := dir.Readdirnames(256)
		for _, name := range list {
			if is, fifo, err := identify(int(dir.Fd()), name); err == nil && fifo && is == id {
				return true
			}
		}
		if err != nil || len(list) == 0 {
			return false
		}
	}
}

func proc(pid uint32) string { return "/proc/" + strconv.FormatUint(uint64(pid), 10) }

// Package xattr reads and writes the extended attributes of files without following a symbolic link. Access does so by
// descriptors, also by those of O_PATH, which fgetxattr(2) and fsetxattr(2) refuse. It goes through /proc/self/fd, and
// makes sure that this is the kernel's: a file of another file system there would get a label in place of the one that
// was meant. Thread does so by names in an open directory, which costs a third of that.
package xattr

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

const directory = "/proc/self/fd/"

// Access reads and writes attributes. It may be used by many goroutines at a time.
type Access struct {
	fds *os.File // /proc/self/fd
	at  bool     // the kernel has getxattrat(2) (Linux 6.13), which saves the way from / to that
}

// New returns an Access. It returns an error if /proc is not the kernel's.
func New() (*Access, error) {
	fds, err := os.OpenFile(directory, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	var fs unix.Statfs_t
	if err := unix.Fstatfs(int(fds.Fd()), &fs); err != nil || fs.Type != unix.PROC_SUPER_MAGIC {
		_ = fds.Close()
		return nil, fmt.Errorf("%s is not the kernel's: %w", directory, errors.Join(err, unix.ENOTDIR))
	}
	a := &Access{fds: fds, at: pointer64}
	if a.at {
		_, err := a.Get(int(fds.Fd()), "user.berth", make([]byte, 1))
		a.at = !errors.Is(err, unix.ENOSYS) && !errors.Is(err, unix.EPERM) // EPERM: a filter of system calls
	}
	return a, nil
}

// Close closes the Access.
func (a *Access) Close() error { return a.fds.Close() }

// Get reads an attribute of an open file into value, and returns its length. It returns ENODATA if the file has none of
// this name, ERANGE if value is too short, and EOPNOTSUPP if the file system knows no such attributes.
func (a *Access) Get(fd int, name string, value []byte) (int, error) {
	for {
		n, err := a.get(fd, name, value)
		if !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}

func (a *Access) get(fd int, name string, value []byte) (int, error) {
	if !a.at {
		return unix.Getxattr(a.path(fd), name, value)
	}
	return a.call(unix.SYS_GETXATTRAT, fd, name, value)
}

// List reads the names of the attributes of an open file, each with a NUL at its end, and returns their length. It
// returns ERANGE if names is too short, and EOPNOTSUPP if the file system knows no attributes.
func (a *Access) List(fd int, names []byte) (int, error) {
	for {
		n, err := unix.Listxattr(a.path(fd), names)
		if !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}

// Chmod changes the mode of an open file that is no symbolic link.
func (a *Access) Chmod(fd int, mode uint32) error { return unix.Chmod(a.path(fd), mode) }

// Set writes an attribute of an open file. It returns EOPNOTSUPP if the file system knows no such attributes.
func (a *Access) Set(fd int, name string, value []byte) error {
	for {
		err := a.set(fd, name, value)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

func (a *Access) set(fd int, name string, value []byte) error {
	if !a.at {
		return unix.Setxattr(a.path(fd), name, value, 0)
	}
	_, err := a.call(unix.SYS_SETXATTRAT, fd, name, value)
	return err
}

// Remove removes an attribute of an open file. It returns ENODATA if the file has none of this name.
func (a *Access) Remove(fd int, name string) error {
	return unix.Removexattr(a.path(fd), name)
}

// path is a magic link to the file itself: the kernel follows it and no further, also if the file is a symbolic link.
func (*Access) path(fd int) string { return directory + strconv.Itoa(fd) }

// pointer64 says that a pointer has the size of the field in arguments.
const pointer64 = unsafe.Sizeof(uintptr(0)) == 8

// arguments is struct xattr_args of <linux/xattr.h> where a pointer has 64 bits.
type arguments struct {
	value *byte
	size  uint32
	flags uint32
}

// call makes one of the calls of Linux 6.13, which take a directory.
func (a *Access) call(number uintptr, fd int, name string, value []byte) (int, error) {
	var in [24]byte
	strconv.AppendInt(in[:0], int64(fd), 10) // a zero follows
	attribute, err := unix.BytePtrFromString(name)
	if err != nil {
		return 0, err
	}
	args := arguments{value: unsafe.SliceData(value), size: uint32(len(value))}
	n, _, errno := unix.Syscall6(number, a.fds.Fd(), uintptr(unsafe.Pointer(&in[0])), 0,
		uintptr(unsafe.Pointer(attribute)), uintptr(unsafe.Pointer(&args)), unsafe.Sizeof(args))
	runtime.KeepAlive(a.fds)
	runtime.KeepAlive(value)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// Names returns the names in a list that was read.
func Names(list []byte) []string {
	if len(list) == 0 {
		return nil
	}
	return strings.Split(strings.TrimRight(string(list), "\x00"), "\x00")
}

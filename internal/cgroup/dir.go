package cgroup

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// The sub-groups of a container's scope: cgroup v2 allows no processes in inner nodes.
const (
	Supervisor = "supervisor"
	Payload    = "payload"
)

// Dir is one control group's directory.
type Dir struct{ f *os.File }

// At opens a directory of the hierarchy, for a group given below the mount point.
func At(mountPoint, group string) (*Dir, error) {
	return open(unix.AT_FDCWD, mountPoint+"/"+strings.TrimLeft(group, "/"))
}

// Adopt takes ownership of a directory descriptor.
func Adopt(f *os.File) *Dir { return &Dir{f: f} }

// File is the descriptor, still owned by the Dir.
func (d *Dir) File() *os.File { return d.f }

// Close releases the descriptor.
func (d *Dir) Close() error { return d.f.Close() }

func open(at int, name string) (*Dir, error) {
	fd, err := unix.Openat(at, name, unix.O_DIRECTORY|unix.O_CLOEXEC|unix.O_RDONLY, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open control group", Path: name, Err: err}
	}
	return &Dir{f: os.NewFile(uintptr(fd), name)}, nil
}

// Sub opens a group below.
func (d *Dir) Sub(name string) (*Dir, error) {
	sub, err := open(int(d.f.Fd()), name)
	runtime.KeepAlive(d)
	return sub, err
}

// Make makes a group below, or opens the one that is there.
func (d *Dir) Make(name string) (*Dir, error) {
	err := unix.Mkdirat(int(d.f.Fd()), name, 0o755)
	runtime.KeepAlive(d)
	if err != nil && !errors.Is(err, unix.EEXIST) {
		return nil, &os.PathError{Op: "make control group", Path: name, Err: err}
	}
	return d.Sub(name)
}

// Enter moves a process, all its threads, into the group.
func (d *Dir) Enter(pid uint32) error {
	return d.write("cgroup.procs", strconv.FormatUint(uint64(pid), 10))
}

// Kill ends every process of the group and below (cgroup.kill, kernel 5.14).
func (d *Dir) Kill() error { return d.write("cgroup.kill", "1") }

// PassControllersOn enables for the groups below each controller that the group has.
func (d *Dir) PassControllersOn() error {
	text, err := d.Read("cgroup.controllers")
	if err != nil {
		return err
	}
	var on []string
	for c := range strings.FieldsSeq(text) {
		on = append(on, "+"+c)
	}
	if len(on) == 0 {
		return nil
	}
	return d.write("cgroup.subtree_control", strings.Join(on, " "))
}

// Chown hands the group over to the root of a user namespace, as delegation demands: the directory
// and the files that organise it, never those that limit it.
func (d *Dir) Chown(uid, gid int) error {
	for _, name := range []string{"", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control"} {
		err := unix.Fchownat(int(d.f.Fd()), name, uid, gid, unix.AT_EMPTY_PATH)
		runtime.KeepAlive(d)
		if err != nil {
			return &os.PathError{Op: "chown control group", Path: d.f.Name() + "/" + name, Err: err}
		}
	}
	return nil
}

// Read gives one interface file's text.
func (d *Dir) Read(name string) (string, error) {
	fd, err := unix.Openat(int(d.f.Fd()), name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	runtime.KeepAlive(d)
	if err != nil {
		return "", &os.PathError{Op: "open", Path: d.f.Name() + "/" + name, Err: err}
	}
	defer func() { _ = unix.Close(fd) }()
	buf := make([]byte, 4096)
	n, err := unix.Read(fd, buf)
	if err != nil {
		return "", &os.PathError{Op: "read", Path: d.f.Name() + "/" + name, Err: err}
	}
	return string(buf[:n]), nil
}

func (d *Dir) write(name, text string) error {
	fd, err := unix.Openat(int(d.f.Fd()), name, unix.O_WRONLY|unix.O_CLOEXEC, 0)
	runtime.KeepAlive(d)
	if err != nil {
		return &os.PathError{Op: "open", Path: d.f.Name() + "/" + name, Err: err}
	}
	defer func() { _ = unix.Close(fd) }()
	if _, err := unix.Write(fd, []byte(text)); err != nil {
		return fmt.Errorf("write %q to %s/%s: %w", text, d.f.Name(), name, err)
	}
	return nil
}

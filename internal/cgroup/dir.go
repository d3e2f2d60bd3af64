package cgroup

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/hostlimit"
)

// Commands is the sub-group of Payload that has the commands which berthd executes in a container. Payload itself may
// have no processes: an init such as systemd passes its controllers on to sub-groups. No name of a unit of systemd is
// without a dot.
const Commands = "berth-exec"

// The two sub-groups of a container's scope. cgroup v2 does not allow processes in a group that has
// sub-groups with controllers ("no internal processes"), so the supervisor has a group of its own.
const (
	Supervisor = "supervisor"
	Payload    = "payload"
)

// Dir is one control group's directory.
type Dir struct{ f *os.File }

// At opens the directory of a group. The group is a path below the hierarchy's mount point.
func At(mountPoint, group string) (*Dir, error) {
	return open(unix.AT_FDCWD, mountPoint+"/"+strings.TrimLeft(group, "/"))
}

// Adopt takes ownership of a directory descriptor.
func Adopt(f *os.File) *Dir { return &Dir{f: f} }

// File returns the descriptor. The Dir still owns it.
func (d *Dir) File() *os.File { return d.f }

// Close closes the descriptor.
func (d *Dir) Close() error { return d.f.Close() }

func open(at int, name string) (*Dir, error) {
	fd, err := unix.Openat(at, name, unix.O_DIRECTORY|unix.O_CLOEXEC|unix.O_RDONLY, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open control group", Path: name, Err: err}
	}
	return &Dir{f: os.NewFile(uintptr(fd), name)}, nil
}

// Sub opens the sub-group of that name.
func (d *Dir) Sub(name string) (*Dir, error) {
	sub, err := open(int(d.f.Fd()), name)
	runtime.KeepAlive(d)
	return sub, err
}

// Make creates the sub-group of that name, and opens it. An empty one that is there already is of an earlier run and
// has its settings, so Make replaces it. It returns an error if that has sub-groups or processes.
func (d *Dir) Make(name string) (*Dir, error) {
	at := int(d.f.Fd())
	err := unix.Mkdirat(at, name, 0o755)
	if errors.Is(err, unix.EEXIST) {
		if err = unix.Unlinkat(at, name, unix.AT_REMOVEDIR); err != nil {
			err = fmt.Errorf("one of an earlier run is left, with processes or groups of its own: %w", err)
		} else {
			err = unix.Mkdirat(at, name, 0o755)
		}
	}
	runtime.KeepAlive(d)
	if err != nil {
		return nil, &os.PathError{Op: "make control group", Path: name, Err: hostlimit.Explain(hostlimit.Group, err)}
	}
	return d.Sub(name)
}

// Join opens the sub-group of that name. It creates it if it is missing.
func (d *Dir) Join(name string) (*Dir, error) {
	sub, err := d.Sub(name)
	if !errors.Is(err, unix.ENOENT) {
		return sub, err
	}
	err = unix.Mkdirat(int(d.f.Fd()), name, 0o755)
	runtime.KeepAlive(d)
	if err != nil && !errors.Is(err, unix.EEXIST) {
		return nil, &os.PathError{Op: "make control group", Path: name, Err: hostlimit.Explain(hostlimit.Group, err)}
	}
	return d.Sub(name)
}

// Has reports whether the group has an interface file.
func (d *Dir) Has(file string) bool {
	err := unix.Faccessat(int(d.f.Fd()), file, unix.F_OK, 0)
	runtime.KeepAlive(d)
	return err == nil
}

// Enter moves a process with all its threads into the group.
func (d *Dir) Enter(pid uint32) error {
	return d.write("cgroup.procs", strconv.FormatUint(uint64(pid), 10))
}

// Kill kills every process of the group and its sub-groups (cgroup.kill, Linux 5.14).
func (d *Dir) Kill() error { return d.write("cgroup.kill", "1") }

// PassControllersOn enables all the group's controllers for its sub-groups.
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

// Protect keeps the group's memory in memory when a limit of a group above is reached: the kernel takes that of
// its siblings instead. It does nothing without the memory controller.
func (d *Dir) Protect() error {
	err := d.write("memory.min", "max")
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	return err
}

// maxDepth is how many levels of groups a container's scope may have below it. systemd removes a group by nftw(3)
// with 64 descriptors, and gives up below that. The group of a deeper tree would stay, and be the next life's.
const maxDepth = "48"

// LimitDepth limits the levels of groups below this one, so that systemd can remove them all.
func (d *Dir) LimitDepth() error { return d.write("cgroup.max.depth", maxDepth) }

// Hold opens a file of the group for writing, and writes nothing. As long as it is open, the kernel lets nobody make
// the cgroup2 read-only (EBUSY).
func (d *Dir) Hold() (*os.File, error) {
	const name = "cgroup.max.depth"
	fd, err := unix.Openat(int(d.f.Fd()), name, unix.O_WRONLY|unix.O_CLOEXEC, 0)
	runtime.KeepAlive(d)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: d.f.Name() + "/" + name, Err: err}
	}
	return os.NewFile(uintptr(fd), name), nil
}

// Chown delegates the group to the root of a user namespace. It changes the owner of the directory and
// of the files that organise it, never of those that limit it (cgroup-v2.rst, "Delegation").
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

// Read returns the text of one interface file, at most 4096 bytes.
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

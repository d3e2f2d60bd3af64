package initproc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/born"
	"github.com/berthd/berth/internal/linux/hostlimit"
	"github.com/berthd/berth/internal/linux/mount"
)

// tree is a detached or attached mount: a descriptor of the child.
type tree struct {
	fd   born.Arg
	name string
	kind kind
	room []byte // a struct statx, of a kind that the child finds out
	// It is a new, writable tmpfs: what is missing in it can be made without a look.
	tmpfs bool
}

// kind says what a mount can be attached to.
type kind uint8

const (
	directory kind = iota
	file
	unknown
)

// do adds a call to the child's list.
func (s *Stage) do(op, object string, number uintptr, args ...born.Arg) born.Ref {
	return s.Worker.Do(born.What{Stage: s.at, Op: op, Object: object}, number, args...)
}

func (s *Stage) doAttr(op, object string, attr mount.Attr, context born.Ref, number uintptr, args ...born.Arg) born.Ref {
	return s.Worker.Do(born.What{Stage: s.at, Op: op, Object: object, Attr: uint64(attr), Context: context}, number, args...)
}

func empty() born.Arg { return born.Text("") }

// setAttr changes the attributes of a mount.
func (s *Stage) setAttr(t tree, set, clr mount.Attr, propagation uint64) {
	var attr [32]byte // struct mount_attr
	native.PutUint64(attr[:], uint64(set))
	native.PutUint64(attr[8:], uint64(clr))
	native.PutUint64(attr[16:], propagation)
	s.doAttr("mount_setattr", t.name, set, 0, unix.SYS_MOUNT_SETATTR, t.fd, empty(), born.Int(unix.AT_EMPTY_PATH),
		born.Bytes(attr[:]), born.Int(len(attr)))
}

const cloneFlags = unix.OPEN_TREE_CLONE | unix.OPEN_TREE_CLOEXEC

// clone returns a detached, private copy of the mount at a descriptor.
func (s *Stage) clone(at tree) tree {
	copied := at
	copied.fd = born.Of(s.do("open_tree", at.name, unix.SYS_OPEN_TREE, at.fd, empty(), born.Int(cloneFlags|unix.AT_EMPTY_PATH)))
	s.setAttr(copied, 0, 0, unix.MS_PRIVATE)
	return copied
}

// take returns a copy of the tree i on the shelf (mount.Take).
func (s *Stage) take(i int, name string) tree {
	return s.takeFrom(strconv.Itoa(i), name, s.kindOf(i))
}

// takeFrom returns a copy of what is at a path on the shelf.
func (s *Stage) takeFrom(path, name string, is kind) tree {
	path = mount.Shelf + "/" + path
	fd := s.do("open_tree", name, unix.SYS_OPEN_TREE, born.Int(unix.AT_FDCWD), born.Text(path), born.Int(cloneFlags|unix.AT_RECURSIVE|unix.AT_SYMLINK_NOFOLLOW))
	return tree{fd: born.Of(fd), name: name, kind: is}
}

// move attaches a detached mount to a descriptor.
func (s *Stage) move(m, at tree) {
	s.do("move_mount", m.name+" on "+at.name, unix.SYS_MOVE_MOUNT, m.fd, empty(), at.fd, empty(),
		born.Int(unix.MOVE_MOUNT_F_EMPTY_PATH|unix.MOVE_MOUNT_T_EMPTY_PATH))
}

// moveTo attaches a detached mount to a path below a directory.
func (s *Stage) moveTo(m born.Arg, name string, dir born.Arg, path string) born.Ref {
	return s.do("move_mount", name, unix.SYS_MOVE_MOUNT, m, empty(), dir, born.Text(path), born.Int(unix.MOVE_MOUNT_F_EMPTY_PATH))
}

func (s *Stage) makePrivate() {
	s.do("mount --make-rprivate", "/", unix.SYS_MOUNT, empty(), born.Text("/"), empty(), born.Int(unix.MS_REC|unix.MS_PRIVATE), empty())
}

// openPlain opens a path of the child, which leads nowhere into the container's tree.
func (s *Stage) openPlain(path string, flags int) tree {
	fd := s.do("open", path, unix.SYS_OPENAT, born.Int(unix.AT_FDCWD), born.Text(path), born.Int(flags|unix.O_CLOEXEC), born.Int(0))
	return tree{fd: born.Of(fd), name: path}
}

// stat looks at a descriptor. The room has a struct statx then.
func (s *Stage) stat(t tree) (room []byte) {
	room = s.Worker.Room(int(unsafe.Sizeof(unix.Statx_t{})))
	s.do("stat", t.name, unix.SYS_STATX, t.fd, empty(), born.Int(unix.AT_EMPTY_PATH|unix.AT_STATX_DONT_SYNC),
		born.Int(unix.STATX_TYPE|unix.STATX_INO), born.At(room))
	return room
}

func statx(room []byte) *unix.Statx_t { return (*unix.Statx_t)(unsafe.Pointer(unsafe.SliceData(room))) }

func isDir(st *unix.Statx_t) bool { return st.Mode&unix.S_IFMT == unix.S_IFDIR }

func sameFile(a, b *unix.Statx_t) bool {
	return a.Ino == b.Ino && a.Dev_major == b.Dev_major && a.Dev_minor == b.Dev_minor
}

// stageError is an error of one step of the plan that no call has had.
type stageError struct {
	stage string
	err   error
}

func (e *stageError) Error() string { return e.err.Error() }
func (e *stageError) Unwrap() error { return e.err }

// Check is for package born: it looks at what a list has written.
func (s *Stage) Check() error {
	if s.rootRoom != nil {
		s.rootStat, s.rootRoom = *statx(s.rootRoom), nil
	}
	err := errors.Join(s.checkAttached(), s.checkNumbers())
	s.attached, s.numbers = s.attached[:0], nil
	return err
}

// explain returns the error of a call, with what is known of the reason.
func (s *Stage) explain(f *born.Failure) error {
	switch f.Op {
	case "fsopen", "fsconfig", "fsmount", "open_tree", "mount_setattr", "move_mount", "mount --make-rprivate", "fchdir", "pivot_root", "umount", "chroot":
		return &mount.Error{Op: f.Op, Object: f.Object, Attr: mount.Attr(f.Attr), Kernel: s.kernelText(f), Err: f.Errno}
	case "setns", "unshare":
		if f.Stage == "cgroup" {
			return fmt.Errorf("unshare %s: %w", f.Object, hostlimit.Clone(unix.CLONE_NEWCGROUP, f.Errno))
		}
		return hostlimit.Clone(unix.CLONE_NEWNS, &mount.Error{Op: f.Op, Object: f.Object, Err: f.Errno})
	case "open ptmx":
		return fmt.Errorf("open ptmx: %w", hostlimit.Explain(hostlimit.Terminal, f.Errno))
	case "execute":
		return s.whyNotExecuted(f)
	case opLabel:
		return s.whyNotLabelled(f)
	}
	return f
}

// kernelText returns the last error message of a file system context. Each read(2) returns one message, the oldest
// first. An error looks like "e ext4: Unknown parameter".
func (s *Stage) kernelText(f *born.Failure) (text string) {
	if f.Context == 0 {
		return ""
	}
	for {
		room := s.Worker.Room(512)
		n := s.do("read", "", unix.SYS_READ, born.Of(f.Context), born.At(room), born.Int(len(room)))
		if s.Worker.Run() != nil { // ENODATA: no more messages
			return text
		}
		text = mount.KernelError(string(room[:s.Worker.Result(n)]), text)
	}
}

func octets[T int | uint32](list []T) []byte {
	all := make([]byte, 0, 4*len(list))
	for _, n := range list {
		all = binary.NativeEndian.AppendUint32(all, uint32(n))
	}
	return all
}

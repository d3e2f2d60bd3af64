package initproc

import (
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/born"
	"github.com/berthd/berth/internal/linux/mount"
	"github.com/berthd/berth/internal/plan"
)

// The empty file and directory below the root.
const (
	emptyFile = "file"
	emptyDir  = "dir"
)

// enterRoot makes Sources[0] the root.
func (s *Stage) enterRoot() error {
	s.takeView()
	s.setRoot()
	s.tmpfs = map[string]tree{}
	s.rootRoom = s.stat(s.root)
	if s.Plan.Namespaces.User {
		return nil // the supervisor has covered them: here they are locked
	}
	for _, p := range s.Plan.Sources[0].Hide {
		s.do("umount", p, unix.SYS_UMOUNT2, born.Text(p), born.Int(unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW))
		s.Worker.Tolerate(unix.EINVAL, unix.ENOENT)
	}
	return nil
}

// takeView splits the supervisor's view of /proc into one mount per file, because they are attached one by one.
//
// Before Linux 6.15 the kernel clones only from mounts that are attached in this mount namespace
// (open_tree(2), EINVAL). So the tree is attached, and stays: an umount would wait for RCU. Its directory is
// read first. A FUSE server then returns all entries in one answer.
func (s *Stage) takeView() {
	if !s.Plan.ProcView {
		return
	}
	at := "/" // of the bare namespace; it stays below the container's root
	number := FDSources
	if s.Plan.Namespaces.User {
		at = mount.Shelf // it disappears with the old root
	} else {
		number += len(s.Plan.Sources)
	}
	whole := tree{fd: born.Int(number), name: "fuse"}
	list := s.do("open", whole.name, unix.SYS_OPENAT, whole.fd, born.Text("."), born.Int(unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC), born.Int(0))
	room := s.Worker.Room(4 << 10)
	s.do("getdents", whole.name, unix.SYS_GETDENTS64, born.Of(list), born.At(room), born.Int(len(room)))
	s.move(whole, s.openPlain(at, unix.O_PATH|unix.O_DIRECTORY))
	s.view = map[string]tree{}
	for i := range s.Plan.Mounts {
		if m := &s.Plan.Mounts[i]; m.Kind == plan.MountView {
			fd := s.do("open_tree", "fuse/"+m.From, unix.SYS_OPEN_TREE, whole.fd, born.Text(m.From), born.Int(cloneFlags|unix.AT_SYMLINK_NOFOLLOW))
			s.view[m.From] = tree{fd: born.Of(fd), name: m.From, kind: file}
		}
	}
}

// setRoot makes Sources[0] the root, and puts a read-only tmpfs below it, with the whole file systems. No path leads
// there, and no mount table of a process in the root shows it. Who may unmount the root could get at it.
func (s *Stage) setRoot() {
	s.below = s.newFS("tmpfs", []plan.Option{{Key: "mode", Value: "0"}}, mount.NoSUID|mount.NoDev|mount.NoExec)
	if s.Plan.Namespaces.User { // the host's mounts are there
		s.pivot(s.below)
	} else {
		// The old root is that of a bare namespace. pivot_root(2) looks at every thread of the host.
		s.move(s.below, s.openPlain("/", unix.O_PATH|unix.O_DIRECTORY))
	}
	for i := range s.Plan.Mounts {
		m := &s.Plan.Mounts[i]
		if !m.Whole {
			continue
		}
		kept := s.fresh[m]
		name := strconv.Itoa(i)
		s.do("create", name, unix.SYS_MKDIRAT, s.below.fd, born.Text(name), born.Int(0o700))
		s.moveTo(kept.fd, kept.name+" on "+name, s.below.fd, name)
		s.fresh[m] = s.clone(kept)
	}
	s.do("create", "below the root", unix.SYS_MKDIRAT, s.below.fd, born.Text(emptyDir), born.Int(0o555))
	s.do("create", "below the root", unix.SYS_MKNODAT, s.below.fd, born.Text(emptyFile), born.Int(unix.S_IFREG|0o444), born.Int(0))
	s.setAttr(s.below, mount.ReadOnly, 0, 0)
	s.root = s.sources[0]
	s.move(s.root, s.below)
	s.do("fchdir", s.root.name, unix.SYS_FCHDIR, s.root.fd)
	// To the kernel this is no chroot: the root is the topmost mount on the root of the namespace.
	s.do("chroot", s.root.name, unix.SYS_CHROOT, born.Text("."))
}

// pivot attaches a detached tree to the root, makes it the root of this mount namespace and unmounts the old one.
func (s *Stage) pivot(t tree) {
	s.move(t, s.openPlain("/", unix.O_PATH|unix.O_DIRECTORY))
	s.do("fchdir", t.name, unix.SYS_FCHDIR, t.fd)
	// pivot_root(".", ".") stacks the old root on the new one (pivot_root(2)). So the image needs no
	// directory for the old root.
	s.do("pivot_root", t.name, unix.SYS_PIVOT_ROOT, born.Text("."), born.Text("."))
	s.do("umount", "the old root", unix.SYS_UMOUNT2, born.Text("."), born.Int(unix.MNT_DETACH))
	s.do("chdir", "/", unix.SYS_CHDIR, born.Text("/"))
}

package initproc

import (
	"strings"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/born"
	"github.com/berthd/berth/internal/linux/mount"
)

// protect makes paths of the container's /proc and /sys read-only, and others empty. A kernel does not
// have all of them. No symbolic link at the end is followed, and the kernel has none on the way.
func (s *Stage) protect() error {
	s.eachBelow(s.Plan.ReadOnlyPaths, s.readOnly)
	s.eachBelow(s.Plan.MaskedPaths, s.mask)
	return nil
}

// eachBelow calls f with each path, as a directory in the root and a path below it. It opens a directory once for all
// paths that follow each other.
func (s *Stage) eachBelow(paths []string, f func(dir born.Arg, below, whole string)) {
	last, dir := "", born.Arg{}
	for _, p := range paths {
		top, rest, _ := strings.Cut(strings.TrimPrefix(p, "/"), "/")
		if last != top {
			last, dir = top, s.openThere(top, unix.O_PATH|unix.O_DIRECTORY)
		}
		f(dir, rest, p)
	}
}

// readOnly makes a path read-only, by a mount of itself.
func (s *Stage) readOnly(dir born.Arg, below, _ string) {
	open := s.do("open_tree", below, unix.SYS_OPEN_TREE, dir, born.Text(below), born.Int(cloneFlags|unix.AT_SYMLINK_NOFOLLOW))
	s.Worker.Tolerate(unix.ENOENT)
	m := tree{fd: born.Of(open), name: below}
	s.setAttr(m, mount.ReadOnly, 0, unix.MS_PRIVATE)
	s.Worker.If(open)
	s.moveTo(m.fd, below, dir, below)
	s.Worker.If(open)
}

// mask covers a path with an empty directory or file, which is read-only. Which of them it has to be shows the host,
// which has the same kernel. If the host does not have the path, the other one is tried, too.
func (s *Stage) mask(dir born.Arg, below, whole string) {
	first, other := emptyDir, emptyFile
	if !s.IsDirectory(whole) {
		first, other = other, first
	}
	covered := s.cover(dir, below, first)
	s.Worker.Tolerate(unix.ENOENT, unix.EINVAL, unix.ENOTDIR)
	for _, errno := range []unix.Errno{unix.EINVAL, unix.ENOTDIR} {
		empty := s.openEmpty(below, other)
		s.Worker.IfFailed(covered, errno)
		s.moveTo(empty, below, dir, below)
		s.Worker.IfFailed(covered, errno)
	}
}

func (s *Stage) cover(dir born.Arg, below, name string) born.Ref {
	return s.moveTo(s.openEmpty(below, name), below, dir, below)
}

func (s *Stage) openEmpty(below, name string) born.Arg {
	return born.Of(s.do("open_tree", "nothing, for "+below, unix.SYS_OPEN_TREE, s.below.fd, born.Text(name), born.Int(cloneFlags)))
}

package initproc

import (
	"errors"
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/born"
)

// parent is a directory of the container, as it was opened for what is made in it.
type parent struct {
	path string
	fd   born.Arg
}

// What is known of an open in the container, in the Attr of its What.
const (
	toMount   = 1 << iota // a mount point, which is created if it is missing
	toMountOn             // it is a directory
	optional              // without it, if it cannot be created on a read-only file system
)

const opOpen = "open in the container"

// open opens a path of the container. A symbolic link of a hostile image cannot lead out of the root: package inroot
// does the same for this process.
func (s *Stage) open(p string, flags int, mode uint32, known uint64) born.Ref {
	rel := strings.TrimLeft(path.Clean("/"+p), "/")
	if rel == "" {
		rel = "."
	}
	var how [24]byte // struct open_how
	native.PutUint64(how[:], uint64(flags|unix.O_CLOEXEC))
	native.PutUint64(how[8:], uint64(mode))
	native.PutUint64(how[16:], unix.RESOLVE_IN_ROOT|unix.RESOLVE_NO_MAGICLINKS)
	return s.Worker.Do(born.What{Stage: s.at, Op: opOpen, Object: p, Attr: known}, unix.SYS_OPENAT2,
		s.root.fd, born.Text(rel), born.Bytes(how[:]), born.Int(len(how)))
}

// openThere opens a path that must be there.
func (s *Stage) openThere(p string, flags int) born.Arg { return born.Of(s.open(p, flags, 0, 0)) }

// openToMount opens the mount point for m. It creates it, and its parents, if it is missing.
func (s *Stage) openToMount(m tree, p string, known uint64) born.Ref {
	s.makeInTmpfs(m, p)
	flags := unix.O_PATH
	if known |= toMount; m.kind == directory {
		flags |= unix.O_DIRECTORY
		known |= toMountOn
	}
	return s.open(p, flags, 0, known)
}

// Mend is for package born: it does what can be done about a call that failed.
func (s *Stage) Mend(at born.Ref, err *born.Failure) (skip int, _ error) {
	switch {
	case err.Op == opOpen && err.Errno == unix.EAGAIN:
		return 0, nil // something was renamed while ".." was resolved (openat2(2))
	case err.Op == opOpen && err.Errno == unix.ENOENT && err.Attr&toMount != 0 && s.created != at:
		return s.mendMountPoint(at, err)
	case err.Op == opTakeInner && err.Errno == unix.EINVAL && s.Worker.Argument(at, 2)&unix.AT_RECURSIVE == 0:
		// A mount of the host below it is locked: with a user namespace it cannot be left out.
		s.Worker.Alter(at, 2, cloneFlags|unix.AT_EMPTY_PATH|unix.AT_RECURSIVE)
		s.Worker.Alter(at+1, 2, unix.AT_EMPTY_PATH|unix.AT_RECURSIVE)
		return 0, nil
	}
	return 0, err
}

// mendMountPoint creates the mount point that a call has not found.
func (s *Stage) mendMountPoint(at born.Ref, failure *born.Failure) (skip int, err error) {
	now := s.at
	s.created, s.at = at, failure.Stage
	defer func() { s.at = now }()
	dir := failure.Attr&toMountOn != 0
	m := s.attachment(at)
	if m != nil && m.kind == unknown {
		dir = isDir(statx(m.is))
	}
	err = s.create(failure.Object, dir)
	if m != nil && failure.Attr&optional != 0 && errors.Is(err, unix.EROFS) {
		m.left = true
		return callsToAttach, nil
	}
	return 0, err
}

// makeInTmpfs creates a mount point that is right below a new tmpfs, where it is missing, and so spares the list an
// interruption.
func (s *Stage) makeInTmpfs(m tree, p string) {
	dir, name := path.Split(path.Clean("/" + p))
	in, ok := s.tmpfs[path.Clean(dir)]
	switch {
	case !ok:
		return
	case m.kind == directory:
		s.do("mkdir in the container", p, unix.SYS_MKDIRAT, in.fd, born.Text(name), born.Int(0o755))
	case m.kind == file:
		s.do("create in the container", p, unix.SYS_MKNODAT, in.fd, born.Text(name), born.Int(unix.S_IFREG|0o644), born.Int(0))
	default:
		return
	}
	s.Worker.Tolerate(unix.EEXIST)
}

// create creates a mount point, and its parents if they are missing. It makes lists of its own.
func (s *Stage) create(p string, dir bool) error {
	up := path.Dir(path.Clean("/" + p))
	at, err := s.openNow(up)
	if errors.Is(err, unix.ENOENT) && up != "/" {
		if err = s.create(up, true); err == nil {
			at, err = s.openNow(up)
		}
	}
	if err != nil {
		return err
	}
	if dir {
		s.do("mkdir in the container", p, unix.SYS_MKDIRAT, at, born.Text(path.Base(p)), born.Int(0o755))
	} else {
		s.do("create in the container", p, unix.SYS_MKNODAT, at, born.Text(path.Base(p)), born.Int(unix.S_IFREG|0o644), born.Int(0))
	}
	s.Worker.Tolerate(unix.EEXIST)
	return s.Worker.Run()
}

// openNow opens a directory of the container, in a list of its own.
func (s *Stage) openNow(p string) (born.Arg, error) {
	r := s.open(p, unix.O_PATH|unix.O_DIRECTORY, 0, 0)
	if err := s.Worker.Run(); err != nil {
		return born.Arg{}, err
	}
	return born.Int(s.Worker.Result(r)), nil
}

// dirOf opens the directory of a path, and creates it if it is missing.
func (s *Stage) dirOf(p string) born.Arg {
	up := path.Dir(path.Clean("/" + p))
	if s.parent.path != up {
		s.parent = parent{path: up, fd: born.Of(s.openToMount(tree{}, up, 0))}
	}
	return s.parent.fd
}

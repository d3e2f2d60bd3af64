package initproc

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/mount"
)

// protect makes paths of the container's /proc and /sys read-only, and others empty. A kernel does not
// have all of them.
func (s *stage) protect() error {
	defer func() { _ = s.below.Close() }()
	if err := s.eachBelow(s.plan.ReadOnlyPaths, mount.ReadOnlyAt); err != nil {
		return err
	}
	return s.eachBelow(s.plan.MaskedPaths, s.below.Mask)
}

// eachBelow calls f with each path, as a directory in the root and a path below it. It opens a directory once for all
// paths that follow each other.
func (s *stage) eachBelow(paths []string, f func(dir *os.File, path string) error) error {
	var dir *os.File
	defer func() { _ = dir.Close() }()
	for _, p := range paths {
		top, rest, _ := strings.Cut(strings.TrimPrefix(p, "/"), "/")
		if dir == nil || dir.Name() != top {
			_ = dir.Close()
			var err error
			if dir, err = s.root.Open(top, unix.O_PATH|unix.O_DIRECTORY); err != nil {
				return err
			}
		}
		if err := f(dir, rest); err != nil {
			return err
		}
	}
	return nil
}

package initproc

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/mount"
)

// protect makes paths of the container's /proc and /sys read-only, and others empty. A kernel does not
// have all of them.
func (s *stage) protect() error {
	defer func() { _ = s.below.Close() }()
	for _, p := range s.plan.ReadOnlyPaths {
		if err := s.over(p, func(at *os.File) (*os.File, error) { return mount.CloneOne(at, mount.ReadOnly) }); err != nil {
			return err
		}
	}
	for _, p := range s.plan.MaskedPaths {
		if err := s.over(p, func(at *os.File) (*os.File, error) { return mount.Empty(s.below, at) }); err != nil {
			return err
		}
	}
	return nil
}

// over attaches to a path what is made from it. It does nothing if there is no such path.
func (s *stage) over(p string, from func(at *os.File) (*os.File, error)) error {
	at, err := s.root.Open(p, unix.O_PATH)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = at.Close() }()
	m, err := from(at)
	if err != nil {
		return err
	}
	defer func() { _ = m.Close() }()
	return mount.Attach(m, at)
}

package relabel

import (
	"context"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/mountinfo"
	"github.com/berthd/berth/internal/linux/place"
	"github.com/berthd/berth/internal/looks"
)

// Looks at trees, and at what others use: so many threads wait at most for file systems that do not answer.
const (
	looksMost = 32
	looksEach = 4 // at the paths of one mount
)

// NewLooks returns the looks at the trees of this host.
func NewLooks() *looks.Looks { return looks.New(looksMost, looksEach, mountOf) }

// mountOf returns the mount point over a path. That is a guess, since a symbolic link on the way may lead to another
// one. So what is in the host's root, where such links are, counts by its path. No file system is asked.
func mountOf(path string) string {
	path = filepath.Clean(path)
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return path
	}
	list, err := mountinfo.Parse(text)
	if over, found := mountinfo.Over(list, path); err == nil && found && over.Point != "/" {
		return over.Point
	}
	return path
}

// Place is a file or directory, whatever path leads to it.
type Place = place.Place

// Above returns the place of a file or directory of the host and those of the directories above it, only one for the
// host's root directory, and none if the path leads nowhere. Two trees are the same, or one is in the other, if the
// first place of one is among those of the other. It returns a *looks.UnansweredError if ctx ends before the file
// system has answered.
func (r *Relabeler) Above(ctx context.Context, path string) ([]Place, error) {
	return looks.At(ctx, r.looks, path, func() ([]Place, error) {
		fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
		if err != nil {
			return nil, nil //nolint:nilerr // nothing that could be shared by now
		}
		t := &root{Tree: Tree{Path: path}, fd: fd}
		defer closeAll([]*root{t})
		if t.looked, err = look(fd); err != nil {
			return nil, nil //nolint:nilerr // the same
		}
		up, err := ancestors(t)
		if err != nil {
			return nil, nil //nolint:nilerr // the same
		}
		return up, nil
	}, nil)
}

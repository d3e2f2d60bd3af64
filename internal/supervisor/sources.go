package supervisor

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/mount"
	"github.com/berthd/berth/internal/shift"
	"github.com/berthd/berth/internal/shift/ondisk"
	"github.com/berthd/berth/internal/wire"
)

// openSource returns the tree of a source. It takes the next of made if berthd supplied the tree. Otherwise it
// opens the host path once and clones the mounts there. It returns a *shift.InterruptedError if a directory above is
// being taken back to plain owners.
func openSource(src wire.Source, kind int, made *[]*os.File) (*os.File, error) {
	if src.Supplied {
		tree := (*made)[0]
		*made = (*made)[1:]
		return tree, nil
	}
	at, err := os.OpenFile(src.Path, unix.O_PATH|unix.O_CLOEXEC|kind, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = at.Close() }()
	if verdict, marked, err := ondisk.MarkedAbove(at); err != nil || marked {
		if err == nil {
			err = fmt.Errorf("%s: %w", src.Path, &shift.InterruptedError{Map: verdict.Mark, Above: verdict.Above})
		}
		return nil, err
	}
	depth := mount.One
	if src.Recursive {
		depth = mount.Tree
	}
	tree, err := mount.Clone(at, depth)
	if err != nil {
		return nil, err
	}
	if src.ReadOnly {
		if err := mount.SetAttr(tree, mount.ReadOnly, depth); err != nil {
			_ = tree.Close()
			return nil, err
		}
	}
	return tree, nil
}

// cloneMapped clones init with a user namespace. It changes the calling thread's mount namespace.
//
// The sources are attached in a mount namespace that the host's user namespace owns, and init is cloned
// into that. Init then makes the container's own as a copy, in which the kernel locks them. Sources that
// were attached in the container's own would not be locked: its root could make them writable, and
// uncover what the host's mounts hide.
func (s *supervisor) cloneMapped(p *wire.Prepare, clone func() error, trees []*os.File) error {
	if err := mount.Unshare(); err != nil {
		return err
	}
	if err := clone(); err != nil {
		return err
	}
	if err := s.mapOwners(p, trees); err != nil {
		return err
	}
	// The last to leave a mount namespace takes it apart, and waits for RCU. The init stage must not.
	own, err := os.Open("/proc/thread-self/ns/mnt")
	if err != nil {
		return err
	}
	s.between = own
	err = mount.Shelve(trees, mount.Shelf)
	for i := 0; i < len(p.Hide) && err == nil; i++ {
		err = mount.Cover(mount.Shelf, int(p.Hide[i].Source), p.Hide[i].Path)
	}
	if err != nil {
		return &wire.Failed{Stage: "sources", Text: err.Error(), Number: errno(err)}
	}
	s.mapped, s.uid, s.gid = true, int(p.UIDs[0].Outside), int(p.GIDs[0].Outside)
	reach(s.stage.mapped)
	return nil
}

// mapOwners maps the owners in the sources' trees by init's user namespace. The trees are attached nowhere yet
// (mount_setattr(2) requires that). Nothing on disk changes. A tree whose owners are the container's already stays as
// it is.
func (s *supervisor) mapOwners(p *wire.Prepare, trees []*os.File) error {
	userns, err := os.Open("/proc/" + strconv.FormatUint(uint64(s.initPID), 10) + "/ns/user")
	if err != nil {
		return err
	}
	defer func() { _ = userns.Close() }()
	for i, src := range p.Sources {
		if !src.IDMapped {
			continue
		}
		shifted, err := isShifted(p, i, trees[i])
		if err != nil {
			return &wire.Failed{Stage: "sources", Text: src.Path + ": " + err.Error(), Number: errno(err)}
		}
		if shifted {
			continue
		}
		depth := mount.One
		if src.Recursive {
			depth = mount.Tree
		}
		err = mount.IDMap(trees[i], userns, depth)
		if i == 0 && !src.Supplied && errors.Is(err, unix.EINVAL) {
			err = mapRootAgain(src, &trees[0], userns)
		}
		if err != nil {
			err = explainIDMap(src, userns, err)
			return &wire.Failed{Stage: "sources", Text: src.Path + ": " + err.Error(), Number: errno(err)}
		}
	}
	return nil
}

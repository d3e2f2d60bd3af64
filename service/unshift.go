package service

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/shift"
)

// UnshiftOptions say by what a tree is shifted.
type UnshiftOptions struct {
	// From is the first id of the host; there are shift.Size of them. 0 means the ids of the container, or for a directory the
	// owner of its top.
	From   uint32
	DryRun bool // count only
}

// Unshifted is what an unshift has come upon.
type Unshifted struct {
	Path    string // of the tree
	Files   uint64 // that were looked at; one with several names counts once
	Changed uint64 // that had ids of the host, which are those inside now
	Left    uint64 // that belong to other ids, and still do
	Example string // one of those; "" if there is none
	// Dropped counts the files with several names, which did not get their setuid and setgid bits and capabilities back: one
	// of the names may be where users of the host come. DroppedExample is one of them; "" if there is none.
	Dropped        uint64
	DroppedExample string
	From           uint32 // the first user id of the host that was taken back
}

// ErrUnshifting says that another tree is being taken back to plain owners.
var ErrUnshifting = errors.New("another tree is being taken back to plain owners: it is one after the other")

// Unshift takes the root directory of a container that is off back to plain owners. AbortJob ends it, with a part of the
// files done: the next call goes on. It returns a StateError if the container is on, a *TreeError if its root cannot be taken
// back, and ErrUnshifting.
func (s *Service) Unshift(ctx context.Context, u domain.UUID, o UnshiftOptions) (out Unshifted, err error) {
	err = s.with(ctx, u, func(c *container) error {
		snap := c.snapshot()
		if _, err := allow(opUnshift, &snap); err != nil {
			return err
		}
		root, private := c.stored.Root()
		if !private || root.Type != domain.FSMount {
			return &TreeError{Op: notUnshifted, Path: snap.Root, Reason: "the container has no directory of its own as its root; " +
				"mount an image, and name the directory (--path)"}
		}
		order := UnshiftOrder{Path: root.Source, DryRun: o.DryRun}
		switch {
		case o.From != 0:
			order.Map = shift.From(o.From)
		case c.stored.IDMap.Enabled():
			order.Map = *shiftOf(c.stored)
		default:
			return &TreeError{Op: notUnshifted, Path: root.Source, Reason: "the container has no <idmap>: say the first id (--from)"}
		}
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		s.beginJob(c, longJob{kind: JobUnshift, abort: cancel, trees: []Tree{{Path: root.Source}}})
		defer s.endJob(c)
		out, err = s.unshift(ctx, order, s.treesInUse(c), s.progress(c))
		return err
	})
	return out, err
}

// UnshiftPath takes a directory of the host back to plain owners. It ends when ctx does; the next call goes on.
func (s *Service) UnshiftPath(ctx context.Context, path string, o UnshiftOptions) (Unshifted, error) {
	if !filepath.IsAbs(path) {
		return Unshifted{}, &TreeError{Op: notUnshifted, Path: path, Reason: "the path is not absolute"}
	}
	order := UnshiftOrder{Path: path, Begins: s.HostIDs.Begins, DryRun: o.DryRun}
	if o.From != 0 {
		order.Map = shift.From(o.From)
	}
	return s.unshift(ctx, order, s.treesInUse(nil), func(uint64) {})
}

func (s *Service) unshift(ctx context.Context, o UnshiftOrder, others []string, progress func(uint64)) (Unshifted, error) {
	if !s.unshifting.TryLock() {
		return Unshifted{}, ErrUnshifting
	}
	defer s.unshifting.Unlock()
	if !o.DryRun {
		s.Log.Info("files of a tree get plain owners", "path", o.Path)
	}
	out, err := s.Trees.Unshift(ctx, o, others, progress)
	if !o.DryRun {
		s.Log.Info("no more files of a tree get plain owners", "path", o.Path, "from", out.From, "changed", out.Changed,
			"left", out.Left, "dropped", out.Dropped, "error", err)
	}
	if err != nil && out.Changed > 0 && !o.DryRun {
		err = fmt.Errorf("%w: %d files have their plain owners, others not yet; the next call goes on", err, out.Changed)
	}
	return out, err
}

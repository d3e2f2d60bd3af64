package service

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/shift"
)

// UnshiftOptions say by what a tree is shifted.
type UnshiftOptions struct {
	// From is the first id of the host; there are shift.Size of them. 0 means the ids of the container, or for a directory
	// the owner of its top.
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
	// Dropped counts the files with several names, which did not get their setuid and setgid bits and capabilities back:
	// one of the names may be where users of the host come. DroppedExample is one of them; "" if there is none.
	Dropped        uint64
	DroppedExample string
	From           uint32 // the first user id of the host that was taken back
}

// Unshift takes the root directory of a container that is off back to plain owners. AbortJob ends it, with a part of
// the files done: the next call goes on, and no container starts with the root until then. It returns a StateError if
// the container is on, and a *TreeError if its root cannot be taken back. A dry run keeps nobody from anything, and
// needs no container that is off; it ends when ctx does.
func (s *Service) Unshift(ctx context.Context, u domain.UUID, o UnshiftOptions) (out Unshifted, err error) {
	if o.DryRun {
		c, err := s.find(u)
		if err != nil {
			return Unshifted{}, err
		}
		c.mu.Lock()
		def := c.definition(true)
		c.mu.Unlock()
		order, err := orderOf(def, o)
		if err != nil {
			return Unshifted{}, err
		}
		return s.Trees.Unshift(ctx, order, nil, func(uint64) {})
	}
	err = s.with(ctx, u, func(c *container) error {
		snap := c.snapshot()
		if _, err := allow(opUnshift, &snap); err != nil {
			return err
		}
		order, err := orderOf(c.stored, o)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		s.beginJob(c, longJob{kind: JobUnshift, abort: cancel, trees: []Tree{{Path: order.Path}}})
		defer s.endJob(c)
		out, err = s.unshift(ctx, order, c, s.progress(c))
		return err
	})
	return out, err
}

// orderOf says how the root of a definition is taken back. It returns a *TreeError if that is no directory.
func orderOf(def *domain.Def, o UnshiftOptions) (UnshiftOrder, error) {
	root, private := def.Root()
	switch {
	case !private || root.Source == "/":
		return UnshiftOrder{}, &TreeError{Op: notUnshifted, Path: "/", Reason: "the container's root is the host's"}
	case root.Type == domain.FSFile || root.Type == domain.FSBlock:
		return UnshiftOrder{}, &TreeError{Op: notUnshifted, Path: root.Source, Reason: "the container's root is an image: while the " +
			"container is off, mount it (mount(8), losetup(8), qemu-nbd(8)), call 'berthctl unshift --path DIRECTORY' for the directory, and unmount it"}
	case root.Type != domain.FSMount:
		return UnshiftOrder{}, &TreeError{Op: notUnshifted, Path: root.Source, Reason: "the container's root is no directory of the host"}
	}
	order := UnshiftOrder{Path: root.Source, DryRun: o.DryRun}
	if o.From != 0 {
		order.Map = shift.From(o.From)
	}
	if def.IDMap.Enabled() {
		order.Default = *shiftOf(def)
	}
	return order, nil
}

// UnshiftPath takes a directory of the host back to plain owners. It ends when ctx does; the next call goes on. Its
// errors are those of Unshift.
func (s *Service) UnshiftPath(ctx context.Context, path string, o UnshiftOptions) (Unshifted, error) {
	if !filepath.IsAbs(path) {
		return Unshifted{}, &TreeError{Op: notUnshifted, Path: path, Reason: "the path is not absolute"}
	}
	order := UnshiftOrder{Path: path, Begins: s.HostIDs.Begins, DryRun: o.DryRun}
	if o.From != 0 {
		order.Map = shift.From(o.From)
	}
	if o.DryRun {
		return s.Trees.Unshift(ctx, order, nil, func(uint64) {})
	}
	return s.unshift(ctx, order, nil, func(uint64) {})
}

// unshift takes a tree back, whose container, if there is one, the caller has locked.
func (s *Service) unshift(ctx context.Context, o UnshiftOrder, c *container, progress func(uint64)) (Unshifted, error) {
	release, err := s.claimUnshift(ctx, o.Path)
	defer release()
	if err != nil {
		return Unshifted{}, err
	}
	s.Log.Info("files of a tree get plain owners", "path", o.Path)
	out, err := s.Trees.Unshift(ctx, o, s.treesInUse(c), progress)
	s.Log.Info("no more files of a tree get plain owners", "path", o.Path, "from", out.From, "changed", out.Changed,
		"left", out.Left, "dropped", out.Dropped, "error", err)
	if err != nil && out.Changed > 0 {
		err = fmt.Errorf("%w: %d files have their plain owners, others not yet, and no container starts with the tree; the next call goes on",
			err, out.Changed)
	}
	return out, err
}

package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/berthd/berth/internal/domain"
)

// relabelled is the trees of the container that have its label while it runs: <seclabel relabel='yes'/>. It has no time
// limit, because a tree can have any number of files.
type relabelled struct{ *Service }

// progressPause is the shortest time between two announcements of the progress. A shorter job has none.
const progressPause = 250 * time.Millisecond

func (p relabelled) acquire(ctx context.Context, st *start) error {
	if st.Label.Files == "" || !p.wantsRelabel(st.def) {
		return nil
	}
	trees := treesOf(st.def, st.Label.Files)
	if _, private := st.def.Root(); !private {
		p.Log.Warn("relabel='yes' does not count for the root, which is the host's", st.who())
	}
	if len(trees) == 0 {
		return nil
	}
	c, err := p.find(st.UUID)
	if err != nil {
		return err
	}
	st.Relabelled = true
	if err := p.Runs.Save(st.Run); err != nil { // before the first file, so that a later daemon restores it
		return err
	}
	ctx, cancel := patient(ctx)
	defer cancel(nil)
	p.beginJob(c, longJob{kind: JobRelabel, abort: cancel, trees: trees})
	defer p.endJob(c)
	unlabelled, err := p.Trees.Relabel(ctx, st.UUID, "", trees, p.treesInUse(c), p.progress(c))
	p.warnUnlabelled(st.who(), unlabelled)
	return elementOf(err, st.def)
}

// release restores the trees. If that fails, the next start of the container or the next daemon tries again.
func (p relabelled) release(ctx context.Context, r *Run) error {
	if !r.Relabelled {
		return nil
	}
	return p.restoreTrees(ctx, r.UUID)
}

// restoreTrees gives the files of a container's trees their own labels back. It takes as long as it needs.
func (s *Service) restoreTrees(ctx context.Context, u domain.UUID) error {
	progress := func(uint64) {}
	if c, err := s.find(u); err == nil {
		progress = s.progress(c)
		s.beginJob(c, longJob{kind: JobRestore})
		defer s.endJob(c)
	}
	return s.Trees.Restore(context.WithoutCancel(ctx), u, "", progress)
}

func (s *Service) warnUnlabelled(who slog.Attr, paths []string) {
	for _, path := range paths {
		s.Log.Warn("the file system keeps no labels: the policy decides whether the container may use it", who, "path", path)
	}
}

// wantsRelabel reports whether a definition asks for its trees to be relabelled.
func (s *Service) wantsRelabel(def *domain.Def) bool {
	l, said := def.LabelOf(s.Labels.Model())
	return said && l.Relabel == "yes"
}

// treesOf returns what of a definition is relabelled: its root, directories of the host that the container may write
// to, and images. A directory that it may only read is often one of the host or of several containers.
func treesOf(def *domain.Def, label string) []Tree {
	var trees []Tree
	for _, path := range directoriesOf(def, true) {
		trees = append(trees, Tree{Path: path, Label: label})
	}
	for _, path := range imagesOf(def) {
		trees = append(trees, Tree{Path: path, Label: label, Image: true})
	}
	return trees
}

// directoriesOf returns the directories of the host in a container, or only its root and those that it may write to.
func directoriesOf(def *domain.Def, writable bool) (paths []string) {
	root, private := def.Root()
	if private && root.Type == domain.FSMount {
		paths = append(paths, root.Source)
	}
	for _, f := range def.Filesystems {
		if f.Type == domain.FSMount && f.Target != "/" && (!f.ReadOnly || !writable) {
			paths = append(paths, f.Source)
		}
	}
	return paths
}

// imagesOf returns the image files of a container.
func imagesOf(def *domain.Def) (paths []string) {
	for _, f := range def.Filesystems {
		if f.Type == domain.FSFile {
			paths = append(paths, f.Source)
		}
	}
	for _, d := range def.Disks {
		if d.Type == domain.DiskFile {
			paths = append(paths, d.Source)
		}
	}
	return paths
}

// treesInUse returns the trees of all other containers that are on, also of those that are being started and
// relabelled.
func (s *Service) treesInUse(but *container) (paths []string) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, c := range s.byUUID {
		if c == but {
			continue
		}
		c.mu.Lock()
		if c.live != nil {
			paths = append(append(paths, directoriesOf(c.live, false)...), imagesOf(c.live)...)
		}
		for _, t := range c.job.trees {
			paths = append(paths, t.Path)
		}
		c.mu.Unlock()
	}
	return paths
}

// elementOf names the element of a tree that is not relabelled.
func elementOf(err error, def *domain.Def) error {
	var refused *TreeError
	if !errors.As(err, &refused) {
		return err
	}
	element := "domain/seclabel@relabel"
	for i, f := range def.Filesystems {
		if f.Source == refused.Path {
			element = fmt.Sprintf("domain/devices/filesystem[%d]/source", i+1)
		}
	}
	return &domain.Error{Kind: domain.InvalidConfig, Element: element, Text: "relabel='yes' cannot be: " + err.Error()}
}

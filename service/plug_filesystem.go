package service

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/planner"
)

// plugFilesystem is how file systems come and go.
func (s *Service) plugFilesystem() plugKind {
	return plugKind{
		check: s.checkFilesystem,
		steps: []plugStep{
			s.labelsStep(),
			{"source", s.takeSource, s.dropSource},
			{"mount", s.mountFilesystem, s.unmountFilesystem},
		},
	}
}

// checkFilesystem notes, before a file system is detached that the start mounted, by what it is known. That is possible
// for a path of the host only.
func (s *Service) checkFilesystem(ctx context.Context, p *plugging) error {
	if p.op != PlugDetach || p.mounted() != nil {
		return nil
	}
	fs := p.device.Filesystem
	switch {
	case fs.Target == "/":
		return &domain.Error{Kind: domain.InvalidConfig, Element: "filesystem/target@dir", Text: "the root of a running container cannot change"}
	case fs.Type != domain.FSMount:
		return &domain.Error{
			Kind: domain.InvalidConfig, Element: "filesystem@type",
			Text: fmt.Sprintf("a file system of type '%s' that the container has from its start cannot be detached while it runs", fs.Type),
		}
	}
	tree, root, err := s.openSource(ctx, p)
	if err != nil {
		return err
	}
	_ = tree.Close()
	name, _ := p.device.RunAlias()
	p.c.run.Mounted = append(slices.Clone(p.c.run.Mounted), Mounted{Alias: name, FileID: root})
	return nil
}

// mounted returns the file system of a change in the note; nil if it is not there.
func (p *plugging) mounted() *Mounted {
	name, _ := p.device.RunAlias()
	list := p.c.run.Mounted
	if i := slices.IndexFunc(list, func(m Mounted) bool { return m.Alias == name }); i >= 0 {
		return &list[i]
	}
	return nil
}

func (p *plugging) forgetMounted() {
	name, _ := p.device.RunAlias()
	p.c.run.Mounted = slices.DeleteFunc(slices.Clone(p.c.run.Mounted), func(m Mounted) bool { return m.Alias == name })
}

// firstAttached is the number of the first image that is mounted in a running container. Those of a start are far
// below.
const firstAttached = 1 << 16

// openSource opens the source of a file system as a detached mount.
func (s *Service) openSource(ctx context.Context, p *plugging) (*os.File, FileID, error) {
	fs, r := p.device.Filesystem, &p.c.run.Run
	sup, err := p.supervisor()
	if err != nil {
		return nil, FileID{}, err
	}
	o := FSSource{Path: fs.Source, Inner: fs.Type == domain.FSBind, Size: fs.Usage, ReadOnly: fs.ReadOnly, Root: p.root(), Label: r.Label.Files}
	if fs.Type == domain.FSBlock || fs.Type == domain.FSFile {
		_, n := p.device.RunAlias()
		tree, err := s.Disks.MountOne(ctx, p.c.snapshot().Name, r.Slice, s.Runs.Dir(r.UUID), r.Label.Files, firstAttached+n, planner.SourceOf(*fs))
		if err != nil {
			return nil, FileID{}, sourceError(fs, err)
		}
		root, err := rootOfTree(tree)
		return tree, root, err
	}
	tree, root, err := sup.OpenSource(ctx, o)
	return tree, root, sourceError(fs, err)
}

// sourceError says in which element the cause of an error is.
func sourceError(fs *domain.Filesystem, err error) error {
	if err == nil {
		return nil
	}
	attribute := map[domain.FSType]string{domain.FSBlock: "@dev", domain.FSFile: "@file", domain.FSRAM: "@usage"}[fs.Type]
	if attribute == "" {
		attribute = "@dir"
	}
	return plugFault("filesystem/source"+attribute, err)
}

// takeSource opens the source, and notes by what it is known once it is mounted.
func (s *Service) takeSource(ctx context.Context, p *plugging) error {
	tree, root, err := s.openSource(ctx, p)
	if err != nil {
		return err
	}
	p.tree = tree
	sup, err := p.supervisor()
	if err != nil {
		return err
	}
	fs := p.device.Filesystem
	there, err := sup.Exists(ctx, p.root(), fs.Target)
	if err != nil {
		return plugFault("filesystem/target@dir", err)
	}
	name, _ := p.device.RunAlias()
	if fs.Type == domain.FSMount && planner.Build(p.c.live, s.Host).Hold {
		if err := sup.HoldSource(ctx, name, fs.Source); err != nil {
			return err
		}
	}
	p.forgetMounted()
	p.c.run.Mounted = append(p.c.run.Mounted, Mounted{Alias: name, FileID: root, Made: !there})
	return nil
}

func (*Service) dropSource(ctx context.Context, p *plugging) error {
	sup, err := p.supervisor()
	if err != nil {
		return err
	}
	name, _ := p.device.RunAlias()
	if err := sup.LetGo(ctx, name); err != nil {
		return err
	}
	p.forgetMounted()
	return nil
}

func (s *Service) mountFilesystem(ctx context.Context, p *plugging) error {
	sup, err := p.supervisor()
	if err != nil {
		return err
	}
	if p.tree == nil { // given back after a failed change
		if p.tree, _, err = s.openSource(ctx, p); err != nil {
			return err
		}
	}
	err = sup.Mount(ctx, p.tree, p.place())
	_ = p.tree.Close()
	p.tree = nil
	if err != nil {
		return plugFault("filesystem/target@dir", err)
	}
	return nil
}

func (*Service) unmountFilesystem(ctx context.Context, p *plugging) error {
	m := p.mounted()
	if m == nil {
		return nil
	}
	sup, err := p.supervisor()
	if err != nil {
		return err
	}
	if err := sup.Unmount(ctx, p.place(), m.FileID, m.Made); err != nil {
		return plugFault("filesystem/target@dir", err)
	}
	return nil
}

// place says where and how the file system is mounted. What a container makes itself it may change itself.
func (p *plugging) place() FSMount {
	fs, mapped := p.device.Filesystem, p.c.live.IDMap.Enabled()
	inner := fs.Type == domain.FSBind
	m := FSMount{Target: fs.Target, Root: p.root(), Mapped: mapped, Locked: mapped && !inner}
	if mapped && !inner && fs.Type != domain.FSRAM {
		m.Owners = shiftOf(p.c.live)
	}
	if !inner && fs.Type != domain.FSRAM {
		m.Source, m.Image = fs.Source, fs.Type != domain.FSMount
	}
	return m
}

// root returns the ids of the container's root on the host.
func (p *plugging) root() Owner { return rootOf(p.c.live) }

// rootOf is the root of a definition on the host.
func rootOf(d *domain.Def) Owner {
	ids := d.IDMap
	if !ids.Enabled() {
		return Owner{}
	}
	return Owner{ids.UIDs[0].Target, ids.GIDs[0].Target} // the ranges are sorted, and the first one begins with root
}

package service

import (
	"context"
	"hash/fnv"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/shift"
)

// treesWorld is what treesFake knows.
type treesWorld struct {
	trees map[domain.UUID][]Tree // that have the label of a container
	parts map[string]string      // of a tree's path: the device that it is of

	others   []OtherMachine           // of other managers
	verdicts map[string]shift.Verdict // of roots by their paths
}

// treesFake remembers which trees of the host have the labels of a container.
type treesFake struct{ *daemon }

func (d treesFake) Relabel(ctx context.Context, u domain.UUID, part string, trees []Tree, others []string, progress func(uint64)) ([]string, error) {
	before := d.without(u, part, trees)
	d.mu.Lock()
	d.trees[u] = append(before, trees...)
	d.mu.Unlock()
	err := d.call("trees.Relabel")
	progress(uint64(len(trees)))
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	for _, t := range trees {
		if slices.Contains(others, t.Path) && err == nil {
			err = &TreeError{Path: t.Path, Reason: "another running container uses it"}
		}
	}
	if err != nil {
		d.mu.Lock()
		d.keep(u, before)
		d.mu.Unlock()
	}
	return nil, err
}

func (d treesFake) Unshift(ctx context.Context, o UnshiftOrder, others []string, progress func(uint64)) (Unshifted, error) {
	out := Unshifted{Path: o.Path, Files: 3, Changed: 2}
	for _, m := range []shift.Map{o.Default, o.Map} {
		if m.UIDs != nil {
			out.From = m.UIDs[0].Outside
		}
	}
	if slices.Contains(others, o.Path) {
		return Unshifted{}, &TreeError{Op: notUnshifted, Path: o.Path, Reason: "another running container uses it"}
	}
	err := d.call("trees.Unshift")
	progress(out.Files)
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return out, err
}

// Places makes a number of each path: nothing in this world is a link. What is below /hung does not answer.
func (treesFake) Places(ctx context.Context, path string) (Places, error) {
	if strings.HasPrefix(path, "/hung") {
		<-ctx.Done()
		return Places{}, context.Cause(ctx)
	}
	p := Places{Path: path}
	for ; ; path = filepath.Dir(path) {
		h := fnv.New64()
		_, _ = h.Write([]byte(path))
		if p.Above = append(p.Above, FileID{Ino: h.Sum64()}); path == "/" {
			return p, nil
		}
	}
}

func (d treesFake) Judge(_ context.Context, path string, _ shift.Map) (shift.Verdict, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	v, found := d.verdicts[path]
	if !found {
		return v, fs.ErrNotExist
	}
	return v, nil
}

func (d treesFake) Restore(_ context.Context, u domain.UUID, part string, _ func(uint64)) error {
	if err := d.call("trees.Restore"); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	var left []Tree
	if part != "" {
		left = slices.DeleteFunc(slices.Clone(d.trees[u]), func(t Tree) bool { return d.parts[t.Path] == part })
	}
	d.keep(u, left)
	return nil
}

// without returns the trees of a container besides those of a part, and notes of which part new ones are.
func (d treesFake) without(u domain.UUID, part string, trees []Tree) []Tree {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, t := range trees {
		d.parts[t.Path] = part
	}
	return slices.DeleteFunc(slices.Clone(d.trees[u]), func(t Tree) bool { return d.parts[t.Path] == part })
}

func (d treesFake) keep(u domain.UUID, left []Tree) {
	if d.trees[u] = left; len(left) == 0 {
		delete(d.trees, u)
	}
}

func (d treesFake) Pending() (list []domain.UUID, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for u := range d.trees {
		list = append(list, u)
	}
	return list, nil
}

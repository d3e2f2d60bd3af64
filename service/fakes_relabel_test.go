package service

import (
	"context"
	"slices"

	"github.com/berthd/berth/internal/domain"
)

// treesFake remembers which trees of the host have the labels of a container.
type treesFake struct{ *daemon }

func (d treesFake) Relabel(ctx context.Context, u domain.UUID, trees []Tree, others []string, progress func(uint64)) ([]string, error) {
	d.mu.Lock()
	d.trees[u] = trees
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
		delete(d.trees, u)
		d.mu.Unlock()
	}
	return nil, err
}

func (d treesFake) Restore(_ context.Context, u domain.UUID, _ func(uint64)) error {
	if err := d.call("trees.Restore"); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.trees, u)
	return nil
}

func (d treesFake) Pending() (list []domain.UUID, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for u := range d.trees {
		list = append(list, u)
	}
	return list, nil
}

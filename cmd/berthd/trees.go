package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/relabel"
	"github.com/berthd/berth/service"
)

// trees adapts package relabel to the core.
type trees struct {
	relabeler *relabel.Relabeler
	log       *slog.Logger
	who       func(domain.UUID) slog.Attr // names a container
}

func (t trees) Relabel(ctx context.Context, u domain.UUID, list []service.Tree, others []string, progress func(uint64)) ([]string, error) {
	roots := make([]relabel.Tree, len(list))
	for i, one := range list {
		roots[i] = relabel.Tree{Path: one.Path, Label: one.Label, Single: one.Image}
	}
	out, err := t.relabeler.Relabel(ctx, u.String(), roots, others, func(p relabel.Progress) { progress(p.Files) })
	if refused, ok := errors.AsType[*relabel.RefusedError](err); ok {
		err = &service.TreeError{Path: refused.Path, Reason: refused.Reason}
	}
	return out.Unlabelled, err
}

func (t trees) Restore(ctx context.Context, u domain.UUID, progress func(uint64)) error {
	out, err := t.relabeler.Restore(ctx, u.String(), func(p relabel.Progress) { progress(p.Files) })
	if out.Refused > 0 || out.Damaged > 0 {
		t.log.Warn("some files have the labels of their directories, and not their own: the policy refuses those, or their record is damaged",
			t.who(u), "refused", out.Refused, "damaged", out.Damaged)
	}
	return err
}

func (t trees) Pending() (list []domain.UUID, err error) {
	ids, err := t.relabeler.Pending()
	for _, id := range ids {
		if u, err := domain.ParseUUID(id); err == nil {
			list = append(list, u)
		}
	}
	return list, err
}

package main

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/looks"
	"github.com/berthd/berth/internal/relabel"
	"github.com/berthd/berth/internal/shift"
	"github.com/berthd/berth/internal/shift/ondisk"
	"github.com/berthd/berth/service"
)

// trees adapts package relabel to the core.
type trees struct {
	relabeler *relabel.Relabeler
	log       *slog.Logger
	who       func(domain.UUID) slog.Attr // names a container
	looks     *looks.Looks
}

// A journal has the container's UUID as its name, and that of a device its alias behind a dot.
const beforeAlias = "."

func journalOf(u domain.UUID, part string) string {
	if part == "" {
		return u.String()
	}
	return u.String() + beforeAlias + part
}

func (t trees) Relabel(ctx context.Context, u domain.UUID, part string, list []service.Tree, others []string, progress func(uint64)) ([]string, error) {
	if part == "" { // what a failed restore has left of devices, too
		if err := t.Restore(ctx, u, "", func(uint64) {}); err != nil && !errors.Is(err, relabel.ErrElsewhere) {
			return nil, err
		}
	}
	roots := make([]relabel.Tree, len(list))
	for i, one := range list {
		roots[i] = relabel.Tree{Path: one.Path, Label: one.Label, Single: one.Image}
	}
	out, err := t.relabeler.Relabel(ctx, journalOf(u, part), roots, others, func(p relabel.Progress) { progress(p.Files) })
	if refused, ok := errors.AsType[*relabel.RefusedError](err); ok {
		err = &service.TreeError{Path: refused.Path, Reason: refused.Reason}
	}
	return out.Unlabelled, err
}

func (t trees) Unshift(ctx context.Context, o service.UnshiftOrder, others []string, progress func(uint64)) (service.Unshifted, error) {
	order := relabel.Unshift{Path: o.Path, Map: o.Map, Default: o.Default, Begins: o.Begins, DryRun: o.DryRun}
	out, err := t.relabeler.Unshift(ctx, order, others, func(p relabel.Progress) { progress(p.Files) })
	if refused, ok := errors.AsType[*relabel.RefusedError](err); ok {
		err = &service.TreeError{Op: "taken back to plain owners", Path: refused.Path, Reason: refused.Reason}
	}
	return service.Unshifted{
		Path: o.Path, Files: out.Files, Changed: out.Changed, Left: out.Left, Example: out.Example,
		Dropped: out.Dropped, DroppedExample: out.Of, From: out.Base,
	}, err
}

func (t trees) Places(ctx context.Context, path string) (service.Places, error) {
	above, err := t.relabeler.Above(ctx, path)
	p := service.Places{Path: path}
	for _, at := range above {
		p.Above = append(p.Above, service.FileID(at))
	}
	return p, err
}

func (t trees) Judge(ctx context.Context, path string, m shift.Map) (shift.Verdict, error) {
	return looks.At(ctx, t.looks, path, func() (shift.Verdict, error) { return ondisk.At(path, m) }, nil)
}

func (t trees) Restore(ctx context.Context, u domain.UUID, part string, progress func(uint64)) error {
	ids := []string{journalOf(u, part)}
	if part == "" {
		pending, err := t.relabeler.Pending()
		if err != nil {
			return err
		}
		ids = slices.DeleteFunc(pending, func(id string) bool { return !strings.HasPrefix(id+beforeAlias, u.String()+beforeAlias) })
	}
	var errs []error
	for _, id := range slices.Backward(slices.Sorted(slices.Values(ids))) { // what was attached first of all
		out, err := t.relabeler.Restore(ctx, id, func(p relabel.Progress) { progress(p.Files) })
		if out.Refused > 0 || out.Damaged > 0 {
			t.log.Warn("some files have the labels of their directories, and not their own: the policy refuses those, or their record is damaged",
				t.who(u), "refused", out.Refused, "damaged", out.Damaged)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (t trees) Pending() (list []domain.UUID, err error) {
	ids, err := t.relabeler.Pending()
	for _, id := range ids {
		text, _, _ := strings.Cut(id, beforeAlias)
		if u, err := domain.ParseUUID(text); err == nil && !slices.Contains(list, u) {
			list = append(list, u)
		}
	}
	return list, err
}

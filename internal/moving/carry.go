package moving

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// step is something that was done, and is undone if what follows fails.
type step func(context.Context) error

// Carry stores an item, with the networks that it needs and that nobody has stored yet: all of it, or nothing. It
// returns what it has stored. An interrupted call is undone, too.
func (p *Plan) Carry(ctx context.Context, d Daemon, i *Item, done map[*Item]bool) ([]*Item, error) {
	var undo []step
	stored := []*Item{}
	items := append(p.needs(i, done), i)
	for _, each := range items {
		steps, err := each.store(ctx, d)
		undo = append(undo, steps...)
		if err == nil {
			stored = append(stored, each)
			continue
		}
		if each != i {
			err = fmt.Errorf("network '%s': %w", each.Name, err)
		}
		slices.Reverse(undo)
		for _, back := range undo {
			if failed := back(context.WithoutCancel(ctx)); failed != nil {
				err = errors.Join(err, fmt.Errorf("undo: %w", failed))
			}
		}
		return nil, err
	}
	for _, each := range stored {
		done[each] = true
	}
	return stored, nil
}

// needs returns the networks of a container that are still to be stored.
func (p *Plan) needs(c *Item, done map[*Item]bool) (list []*Item) {
	for _, n := range p.Items {
		if n.Network && !c.Network && n.Made() && !done[n] && slices.Contains(c.networks, n.Name) {
			list = append(list, n)
		}
	}
	return list
}

// store stores one definition, and whether it starts with the host.
func (i *Item) store(ctx context.Context, d Daemon) (undo []step, err error) {
	if i.Network {
		return i.storeNetwork(ctx, d)
	}
	path := i.path
	if i.Verdict == Replaced {
		back := func(ctx context.Context) error { return d.Redefine(ctx, path, "", i.previous) }
		if err := d.Redefine(ctx, path, i.previous, i.xml); err != nil {
			return unanswered(ctx, i.unlessRedefined(d, back)), err
		}
		undo = append(undo, back)
	} else {
		if path, err = d.Define(ctx, i.xml); err != nil {
			return i.unlessDefined(ctx, d, err)
		}
		undo = append(undo, func(ctx context.Context) error { return d.Undefine(ctx, path) })
	}
	if i.Autostart != i.before {
		back := func(ctx context.Context) error { return d.SetAutostart(ctx, path, i.before) }
		if err := d.SetAutostart(ctx, path, i.Autostart); err != nil {
			return append(undo, unanswered(ctx, back)...), err
		}
		undo = append(undo, back)
	}
	return undo, nil
}

func (i *Item) storeNetwork(ctx context.Context, d Daemon) (undo []step, err error) {
	back := func(ctx context.Context) error {
		if i.Verdict == Replaced {
			_, err := d.DefineNetwork(ctx, i.previous)
			return err
		}
		err := d.UndefineNetwork(ctx, i.Name)
		if err == nil && i.before { // another of this name is seen again, which has lost it
			err = d.SetNetworkAutostart(ctx, i.Name, true)
		}
		return err
	}
	if _, err := d.DefineNetwork(ctx, i.xml); err != nil {
		return unanswered(ctx, i.unlessNetworkDefined(d, back)), err
	}
	undo = append(undo, back)
	if i.Autostart != i.before {
		back := func(ctx context.Context) error { return d.SetNetworkAutostart(ctx, i.Name, i.before) }
		if err := d.SetNetworkAutostart(ctx, i.Name, i.Autostart); err != nil {
			return append(undo, unanswered(ctx, back)...), err
		}
		undo = append(undo, back)
	}
	return undo, nil
}

package service

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/berthd/berth/internal/netxml"
)

// netStep is one thing that an active network has. drop is called whether make succeeded, failed or never ran.
type netStep struct {
	name string
	make func() error
	drop func() error
}

// steps are those of a network, in the order of its start: the rules come before the bridge that they are for. The note
// is not among them: it comes before the first step, and goes after the last.
func (n *Networks) steps(ctx context.Context, p *netxml.Plan) []netStep {
	nothing := func() error { return nil }
	steps := []netStep{
		{"files", func() error { return n.Host.Serve(ctx, p) }, func() error { return n.Host.Unserve(ctx, p) }},
		{"bridge", func() error { return n.Host.MakeBridge(p) }, func() error { return n.Host.DropBridge(p) }},
		{"forwarding", func() error { return n.Host.Forward(p) }, nothing},
	}
	if p.Filter == nil {
		return steps
	}
	filter := netStep{"filter", func() error { return n.Host.SetFilter(p.Filter) }, func() error { return n.Host.DropFilter(p.Filter) }}
	return append([]netStep{filter}, steps...)
}

// Start makes a network active. It returns a *NetworkStateError if it is, and a *StartError if it fails; then nothing
// is left of it.
func (n *Networks) Start(ctx context.Context, name string) error {
	end, err := n.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	return n.start(ctx, name)
}

func (n *Networks) start(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	info, err := n.Network(name)
	switch {
	case err != nil:
		return err
	case info.Active:
		return &NetworkStateError{Name: info.Name, Active: true}
	}
	s, err := n.stored(info.Name)
	if err != nil {
		return err
	}
	if err := n.finish(ctx, info.Name); err != nil {
		return err
	}
	facts, err := n.Host.Facts(ctx)
	if err != nil {
		return err
	}
	d := s.Def
	l := &liveNetwork{def: d, plan: netxml.Build(d, facts.Host)}
	if err := n.conflicts(d, l.plan, facts); err != nil {
		return err
	}
	xml, err := d.Format()
	if err != nil {
		return err
	}
	note := NetworkNote{Name: d.Name, State: NoteChanging, XML: xml}
	if l.plan != nil {
		note.Plan = *l.plan
		if err := n.acquire(ctx, note); err != nil {
			return err
		}
	}
	note.State = NoteActive
	if err := n.Store.SaveNote(note); err != nil {
		return errors.Join(&StartError{Step: "state", Err: err}, n.release(ctx, note))
	}
	n.setActive(d.Name, l)
	n.watch()
	n.setWays()
	n.changed(d, NetworkStarted)
	n.Log.Info("network started", "network", d.Name, "bridge", d.Bridge)
	return nil
}

// finish removes what a start or stop has left that could not be undone then.
func (n *Networks) finish(ctx context.Context, name string) error {
	notes, err := n.Store.Notes()
	if err != nil {
		return err
	}
	for _, note := range notes {
		if note.Name == name {
			return n.release(ctx, note)
		}
	}
	return nil
}

// acquire makes all parts of a network. If one fails, it removes them again.
func (n *Networks) acquire(ctx context.Context, note NetworkNote) error {
	if err := n.Store.SaveNote(note); err != nil {
		return &StartError{Step: "state", Err: err}
	}
	for _, s := range n.steps(ctx, &note.Plan) {
		err := n.at("net-start " + s.name)
		if err == nil {
			err = s.make()
		}
		if err != nil {
			return errors.Join(&StartError{Step: s.name, Err: err}, n.release(ctx, note))
		}
	}
	if err := n.at("net-start done"); err != nil {
		return errors.Join(&StartError{Step: "done", Err: err}, n.release(ctx, note))
	}
	return nil
}

// release removes all parts of a network, and its note. If one cannot be removed, the note stays for the next attempt.
func (n *Networks) release(ctx context.Context, note NetworkNote) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	var faults []error
	if note.Plan.Bridge != "" {
		for _, s := range slices.Backward(n.steps(ctx, &note.Plan)) {
			err := n.at("net-destroy " + s.name)
			if err == nil {
				err = s.drop()
			}
			if err != nil {
				faults = append(faults, fmt.Errorf("%s: %w", s.name, err))
			}
		}
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	return n.Store.DropNote(note.Name)
}

// Destroy ends a network. Containers that are in it stay without it. It returns a *NetworkStateError if the network is
// not active, and ErrForeignNetwork if libvirt runs it.
func (n *Networks) Destroy(ctx context.Context, name string) error {
	end, err := n.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	info, err := n.Network(name)
	if err != nil {
		return err
	}
	l := n.active(info.Name)
	switch {
	case l == nil && info.Active:
		return fmt.Errorf("%w: libvirt runs it, stop it with virsh", ErrForeignNetwork)
	case l == nil:
		return &NetworkStateError{Name: info.Name}
	}
	xml, err := l.def.Format()
	if err != nil {
		return err
	}
	note := NetworkNote{Name: info.Name, State: NoteChanging, XML: xml}
	if l.plan != nil {
		note.Plan = *l.plan
	}
	// Without room for the note, the network can be stopped all the same. If this daemon dies meanwhile, the next one
	// makes it again.
	if err := n.Store.SaveNote(note); err != nil {
		n.Log.Warn("stop of a network", "network", info.Name, "err", err)
	}
	if err := n.release(ctx, note); err != nil {
		return err // it stays active, so that it can be tried again
	}
	n.setActive(info.Name, nil)
	n.watch()
	n.setWays()
	n.changed(l.def, NetworkStopped)
	n.Log.Info("network stopped", "network", info.Name, "bridge", info.Bridge)
	return nil
}

// at calls Reached.
func (n *Networks) at(point string) error {
	if n.Reached == nil {
		return nil
	}
	return n.Reached(point)
}

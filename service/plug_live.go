package service

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/berthd/berth/internal/domain"
)

// PlugOp is what happens to a device of a running container. It is in notes.
type PlugOp string

// The operations.
const (
	PlugAttach PlugOp = "attach"
	PlugDetach PlugOp = "detach"
	PlugUpdate PlugOp = "update"
)

// Plug is the note of a change of the devices of a running container. It is there from before the first thing is taken
// that would outlive this daemon until all is done or undone: a later daemon needs only this to end the change.
type Plug struct {
	Op     PlugOp `json:"op"`
	Alias  string `json:"alias"`
	Device string `json:"device"`           // its text, with the alias of the run
	Old    string `json:"old,omitempty"`    // of an update
	Config bool   `json:"config,omitempty"` // the stored definition changes, too
}

// plugStep is one step in which a running container gets a device. It loses the device by the ways back, in reverse.
type plugStep struct {
	name string // a point of the crash tests
	// do takes something. If it fails, undo is called.
	do func(ctx context.Context, p *plugging) error
	// undo gives it back. It works from the note alone. It ignores a thing that is gone, and leaves alone a thing that is
	// not proven to be the run's. One that fails has given nothing back.
	undo func(ctx context.Context, p *plugging) error
}

// plugKind is how the devices of one kind come and go.
type plugKind struct {
	// check returns a *domain.Error if a running container cannot get a device, before anything is done, or lose it. nil
	// means that there is nothing to check.
	check func(ctx context.Context, p *plugging) error
	steps []plugStep
	// update makes new of old. It is also called the other way round. It returns a *domain.Error if that is not possible,
	// and has changed nothing if it fails. nil means that such devices never change.
	update func(ctx context.Context, p *plugging, old, new domain.Device) error
}

// plugKindOf returns how a device comes and goes. It returns a *domain.Error if a running container cannot get or lose
// such a device.
func (s *Service) plugKindOf(v domain.Device) (plugKind, error) {
	kind := v.Kind()
	switch {
	case v.HostDevice != nil && v.HostDevice.Kind == domain.HostNet:
	case v.Disk != nil, v.HostDevice != nil:
		return s.plugDevice(), nil
	case v.Interface != nil:
		return s.plugInterface(), nil
	case v.Filesystem != nil:
		return s.plugFilesystem(), nil
	}
	return plugKind{}, &domain.Error{Kind: domain.InvalidConfig, Element: string(kind), Text: fmt.Sprintf("a running container cannot get or lose such a <%s>; change its stored definition", kind)}
}

// changeLive changes a running container, and its stored definition if that changes, too.
func (s *Service) changeLive(ctx context.Context, p *plugging) error {
	ctx, cancel := limited(ctx, endTimeout)
	defer cancel()
	return p.c.ended(opPlug, timedOut(ctx, s.changeNoted(ctx, p)))
}

func (s *Service) changeNoted(ctx context.Context, p *plugging) error {
	kind, err := s.plugKindOf(p.device)
	if err != nil {
		return err
	}
	switch {
	case p.op == PlugUpdate && kind.update == nil:
		return unchangeable(p.device)
	case kind.check != nil:
		if err := kind.check(ctx, p); err != nil {
			return domain.OfDevice(err)
		}
	}
	if err := s.begun(p); err != nil {
		return err
	}
	switch p.op {
	case PlugAttach:
		return s.attach(ctx, p, kind)
	case PlugDetach:
		return s.detach(ctx, p, kind)
	case PlugUpdate:
	}
	return s.update(ctx, p, kind)
}

func unchangeable(v domain.Device) error {
	return &domain.Error{Kind: domain.InvalidConfig, Element: string(v.Kind()), Text: "it cannot change while the container runs; detach it and attach it anew, or change the stored definition"}
}

// begun writes the note before anything is done.
func (s *Service) begun(p *plugging) (err error) {
	n := &Plug{Op: p.op, Alias: p.alias, Config: p.stored != nil}
	if n.Device, err = domain.FormatRunDevice(p.device); err != nil {
		return err
	}
	if p.op == PlugUpdate {
		if n.Old, err = domain.FormatRunDevice(p.old); err != nil {
			return err
		}
	}
	p.note = n
	p.c.run.Plug = n
	if err = s.Runs.Save(p.c.run.Run); err != nil {
		p.c.run.Plug = nil
	}
	return err
}

// attach walks down the steps.
func (s *Service) attach(ctx context.Context, p *plugging, kind plugKind) error {
	taken := 0
	err := error(nil)
	for _, step := range kind.steps {
		if err = s.reach("attach", step.name); err != nil {
			break
		}
		taken++ // also if it fails: its answer may have been lost
		if err = step.do(ctx, p); err != nil {
			break
		}
		if step.name == "labels" && p.c.run.Relabelled { // it has no time limit; the others have theirs
			var cancel context.CancelFunc
			ctx, cancel = renewed(ctx, endTimeout)
			defer cancel()
		}
		if err = s.Runs.Save(p.c.run.Run); err != nil { // what the step has found out
			break
		}
	}
	if err == nil {
		err = s.commit(p)
	}
	if err == nil {
		return nil
	}
	return errors.Join(domain.OfDevice(err), s.giveUp(p, func(ctx context.Context) error { return undoAll(ctx, p, kind.steps[:taken], nil) }))
}

// detach walks up the steps.
func (s *Service) detach(ctx context.Context, p *plugging, kind plugKind) error {
	left := len(kind.steps)
	err := undoAll(ctx, p, kind.steps, func(step plugStep) error { return s.reach("detach", step.name) }, &left)
	if err == nil {
		err = s.commit(p)
	}
	if err == nil {
		return nil
	}
	return errors.Join(domain.OfDevice(err), s.giveUp(p, func(ctx context.Context) error {
		for _, step := range kind.steps[left:] {
			if err := step.do(ctx, p); err != nil {
				return fmt.Errorf("give the device back: %s: %w", step.name, err)
			}
		}
		return nil
	}))
}

// undoAll takes the ways back of steps, the last one first. left, if given, gets the number of those that it did not
// come to.
func undoAll(ctx context.Context, p *plugging, steps []plugStep, before func(plugStep) error, left ...*int) error {
	for i, step := range slices.Backward(steps) {
		var err error
		if before != nil {
			err = before(step)
		}
		if err == nil {
			err = step.undo(ctx, p)
		}
		if err != nil {
			return err
		}
		for _, n := range left {
			*n = i
		}
	}
	return nil
}

func (s *Service) update(ctx context.Context, p *plugging, kind plugKind) error {
	err := s.reach("update", "device")
	if err == nil {
		err = kind.update(ctx, p, p.old, p.device)
	}
	if err != nil {
		return errors.Join(domain.OfDevice(err), s.giveUp(p, func(context.Context) error { return nil }))
	}
	if err = s.commit(p); err == nil {
		return nil
	}
	return errors.Join(err, s.giveUp(p, func(ctx context.Context) error { return kind.update(ctx, p, p.device, p.old) }))
}

// plugFault says in which element of a device is what cannot be had. The end of the container, and a limit of time,
// have no element.
func plugFault(element string, err error) error {
	if errors.Is(err, os.ErrProcessDone) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrTimeout) {
		return err
	}
	return &domain.Error{Kind: domain.InvalidConfig, Element: element, Text: err.Error()}
}

// giveUp has a change undone that failed, and takes it out of the note. If that fails, the note keeps it, and the next
// change, or the next daemon, tries again.
func (s *Service) giveUp(p *plugging, undo func(context.Context) error) error {
	ctx, cancel := limited(detached(), endTimeout)
	defer cancel()
	if err := undo(ctx); err != nil {
		return fmt.Errorf("undo: %w", timedOut(ctx, err))
	}
	p.c.run.Plug = nil
	return s.Runs.Save(p.c.run.Run)
}

// commit saves the stored definition, and then the note: with that the change is done. If it fails, both are as they
// were.
func (s *Service) commit(p *plugging) error {
	r, before := p.c.run, p.c.stored
	var text string
	err := s.reach(string(p.op), "definition")
	if p.stored != nil && err == nil {
		if text, err = p.stored.Format(domain.FormatOptions{}); err == nil {
			err = s.Definitions.Save(p.stored)
		}
	}
	if err != nil {
		return err
	}
	xml := r.XML
	if err = s.reach(string(p.op), "state"); err == nil {
		r.XML, r.Plug = p.liveText, nil
		err = s.Runs.Save(r.Run)
	}
	if err != nil {
		r.XML, r.Plug = xml, p.note
		if p.stored != nil {
			err = errors.Join(err, s.Definitions.Save(before))
		}
		return err
	}
	s.showDevices(p.c, p.live, p.stored, text)
	if p.op != PlugUpdate && !p.undone {
		s.Observer.DeviceChanged(r.UUID, p.alias, p.op == PlugAttach)
	}
	return nil
}

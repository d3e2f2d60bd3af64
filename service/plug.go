package service

import (
	"context"
	"errors"
	"os"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/planner"
)

// AttachDevice gives a container one more device: the running one, its stored definition, or both. Either all is done,
// or nothing. It returns a *domain.Error that names the element if the device is wrong, is there already, or cannot be
// had, a StateError if the container is off and shall get it live, and ErrTransient if there is no stored definition.
func (s *Service) AttachDevice(ctx context.Context, u domain.UUID, xml []byte, o TuneOptions) (err error) {
	v, err := domain.ParseDevice(xml)
	if err == nil {
		err = s.mayAttach(ctx, u, v)
	}
	if err != nil {
		return err
	}
	defer func() { s.warnOfDevice(u, xml, err) }()
	return s.changeDevices(ctx, u, PlugAttach, o, func(p *plugging, d *domain.Def, running bool) (*domain.Def, error) {
		next, at, err := d.With(p.wanted(v), running)
		if err != nil {
			return nil, err
		}
		p.chosen = next.Device(at)
		if running {
			p.device, p.alias = next.RunDevice(at), next.AliasOf(at)
		}
		return next, nil
	})
}

// DetachDevice takes a device from a container: from the running one, its stored definition, or both. The device is
// found as domain.Find does. Besides the errors of AttachDevice it returns a *domain.Error of the kind NoDevice if
// there is none.
func (s *Service) DetachDevice(ctx context.Context, u domain.UUID, xml []byte, o TuneOptions) error {
	v, err := domain.ParseDevice(xml)
	if err != nil {
		return err
	}
	return s.changeDevices(ctx, u, PlugDetach, o, func(p *plugging, d *domain.Def, running bool) (*domain.Def, error) {
		if !running {
			v = withoutRunAlias(v)
		}
		at, err := d.Find(v)
		if err != nil {
			return nil, err
		}
		return p.without(d, at, running)
	})
}

// DetachDeviceAlias is DetachDevice of the device with an alias. That of the stored definition is the one that has the
// alias, or the one that the running container's means.
func (s *Service) DetachDeviceAlias(ctx context.Context, u domain.UUID, alias string, o TuneOptions) error {
	return s.changeDevices(ctx, u, PlugDetach, o, func(p *plugging, d *domain.Def, running bool) (*domain.Def, error) {
		at, err := d.FindAlias(alias, running)
		if err != nil && !running && p.alias != "" {
			at, err = d.Find(withoutRunAlias(p.device))
		}
		if err != nil {
			return nil, err
		}
		return p.without(d, at, running)
	})
}

// UpdateDevice gives a device of a container other properties. The device is found as domain.Find does. It returns the
// errors of DetachDevice, and a *domain.Error of the kind InvalidConfig if a running container's cannot change so.
func (s *Service) UpdateDevice(ctx context.Context, u domain.UUID, xml []byte, o TuneOptions) (err error) {
	v, err := domain.ParseDevice(xml)
	if err == nil {
		err = s.mayAttach(ctx, u, v)
	}
	if err != nil {
		return err
	}
	defer func() { s.warnOfDevice(u, xml, err) }()
	return s.changeDevices(ctx, u, PlugUpdate, o, func(p *plugging, d *domain.Def, running bool) (*domain.Def, error) {
		if !running {
			v = withoutRunAlias(v)
		}
		at, err := toUpdate(d, v, running)
		if err != nil {
			return nil, err
		}
		next, err := d.Replaced(at, v, running)
		if err == nil && running {
			p.old, p.device, p.alias = d.RunDevice(at), next.RunDevice(at), d.AliasOf(at)
		}
		return next, err
	})
}

// toUpdate finds the device that is to change. An interface with an alias can get another MAC address.
func toUpdate(d *domain.Def, v domain.Device, running bool) (domain.Slot, error) {
	at, err := d.Find(v)
	if none, is := errors.AsType[*domain.Error](err); is && none.Kind == domain.NoDevice && v.Interface != nil {
		for _, alias := range []string{v.Interface.Alias.User, v.Interface.Alias.Run} {
			if byAlias, other := d.FindAlias(alias, running); alias != "" && other == nil {
				return byAlias, nil
			}
		}
	}
	return at, err
}

// withoutRunAlias returns a device as a stored definition may have it.
func withoutRunAlias(v domain.Device) domain.Device {
	d := &domain.Def{}
	d.Add(v)
	d.WithoutRun()
	return d.Device(domain.Slot{Kind: v.Kind()})
}

// plugging is a change of the devices of a container while it goes on.
type plugging struct {
	op      PlugOp
	c       *container
	service *Service
	// The new definitions. One that does not change is nil.
	live, stored *domain.Def
	liveText     string // for the note
	// Of the running container: the device that it gets or loses, or the new one of an update, with the names that the run
	// has chosen. old is the one before an update.
	device, old domain.Device
	alias       string
	note        *Plug
	found       *planner.HostDevice
	tree        *os.File      // of a file system, before it is mounted
	undone      bool          // an interrupted attach or update is taken back
	chosen      domain.Device // the device of AttachDevice as the first of the definitions has it
}

// wanted returns the device to attach: one that the live definition has gets the same MAC address in the stored one.
func (p *plugging) wanted(v domain.Device) domain.Device {
	if v.Interface == nil || v.Interface.MAC != (domain.MAC{}) {
		return v
	}
	i := *v.Interface
	if p.chosen.Interface != nil {
		i.MAC = p.chosen.Interface.MAC
	} else {
		i.MAC = p.service.chooseMAC(p.c, i)
	}
	return domain.Device{Interface: &i}
}

func (p *plugging) without(d *domain.Def, at domain.Slot, running bool) (*domain.Def, error) {
	if running {
		p.device, p.alias = d.RunDevice(at), d.AliasOf(at)
	}
	return d.Without(at, running)
}

// changeDevices decides a change for both definitions, and carries it out. decide returns the changed copy of a
// definition. It is called for the live one first.
func (s *Service) changeDevices(ctx context.Context, u domain.UUID, op PlugOp, o TuneOptions, decide func(p *plugging, d *domain.Def, running bool) (*domain.Def, error)) error {
	return s.with(ctx, u, func(c *container) error {
		o, err := c.affected(opPlug, o)
		if err != nil {
			return err
		}
		p := &plugging{op: op, c: c, service: s}
		defer func() {
			_ = p.tree.Close() // nil if there is none
			c.mu.Lock()
			c.pending = nil // it had a MAC address that nobody else may choose
			c.mu.Unlock()
		}()
		if o.Live {
			if err := s.settle(ctx, c); err != nil {
				return err
			}
			if p.live, err = decide(p, c.live, true); err != nil {
				return err
			}
			if p.liveText, err = p.live.Format(domain.FormatOptions{Run: true}); err != nil {
				return err
			}
		}
		if o.Config {
			if p.stored, err = decide(p, c.stored, false); err != nil {
				return err
			}
		}
		if p.live == nil {
			return s.saveDevices(p)
		}
		release, err := s.usePlugged(ctx, p)
		defer release()
		if err != nil {
			return err
		}
		err = s.changeLive(ctx, p)
		s.auditPlug(p, err)
		return err
	})
}

// saveDevices changes the stored definition alone.
func (s *Service) saveDevices(p *plugging) error {
	text, err := p.stored.Format(domain.FormatOptions{})
	if err == nil {
		err = s.Definitions.Save(p.stored)
	}
	if err != nil {
		return err
	}
	s.showDevices(p.c, nil, p.stored, text)
	return nil
}

// showDevices enters changed definitions. One that is nil has not changed.
func (s *Service) showDevices(c *container, live, stored *domain.Def, text string) {
	c.mu.Lock()
	if live != nil {
		c.live, c.bridges = live, c.run.bridges()
	}
	if stored != nil {
		c.stored, c.text = stored, text
	}
	live, stored = c.live, c.stored
	c.mu.Unlock()
	s.change(c, nil, func(snap *Snapshot) {
		if snap.State == StateShutoff {
			snap.describe(stored)
			return
		}
		snap.Interfaces = interfacesOf(live)
		snap.Updated = stored != nil && !sameDef(stored, live)
	})
}

// settle ends a change of the devices that an earlier daemon has begun. A device that was being attached is taken back,
// one that was being detached goes, and one that was being changed gets its old properties.
func (s *Service) settle(ctx context.Context, c *container) error {
	r := c.run
	if r == nil || r.Plug == nil {
		return nil
	}
	p, err := s.interrupted(c, r.Plug)
	if err == nil {
		err = s.settleLive(ctx, p)
	}
	if err != nil {
		return errors.Join(errUnsettled, err)
	}
	return nil
}

var errUnsettled = errors.New("an earlier change of the container's devices is not finished")

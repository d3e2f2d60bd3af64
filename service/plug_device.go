package service

import (
	"context"
	"slices"
	"strings"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/planner"
)

// plugDevice is how disks and devices of the host come and go.
func (s *Service) plugDevice() plugKind {
	return plugKind{
		check: s.checkDevice,
		steps: []plugStep{
			s.labelsStep(),
			{"image", s.takeImage, s.dropImage},
			{"permission", s.allowDevice, s.denyDevice},
			{"node", s.makeNode, s.removeNode},
		},
	}
}

// checkDevice finds the host's device, or that of the run. The container must not change the loop device that shows an
// image: what keeps it from that are system calls that are filtered from its start on.
func (s *Service) checkDevice(ctx context.Context, p *plugging) error {
	if p.op == PlugDetach {
		if p.noted() == nil {
			return &domain.Error{Kind: domain.NoDevice, Element: string(p.device.Kind()), Text: "it is in the definition, but the container did not get it: the host has none, or another version of Berth has started the container"}
		}
		return nil
	}
	if v := p.device.Disk; v != nil && v.Type == domain.DiskFile && !p.c.run.KeepsLoops {
		return &domain.Error{
			Kind: domain.InvalidConfig, Element: "disk@type",
			Text: "a running container can get a disk of type 'file' only if it had one at its start: only then is it kept from having the loop device show another file; add this one to its stored definition",
		}
	}
	return s.findDevice(ctx, p)
}

// findDevice looks for the host's device. One that is being given back after a failed change has a new number if it
// shows an image.
func (s *Service) findDevice(ctx context.Context, p *plugging) error {
	if p.found != nil {
		return nil
	}
	one := &domain.Def{}
	one.Add(p.device)
	list, err := s.HostDevices.Find(ctx, one)
	switch {
	case err != nil:
		return err
	case len(list) != 1:
		return &domain.Error{Kind: domain.InvalidConfig, Element: string(p.device.Kind()) + "/source", Text: "the host has no such device"}
	}
	p.found = &list[0]
	return nil
}

// noted returns the device of a change in the note; nil if the run does not have it.
func (p *plugging) noted() *Device {
	name, _ := p.device.RunAlias()
	list := p.c.run.Devices
	if i := slices.IndexFunc(list, func(d Device) bool { return d.Alias == name }); i >= 0 {
		return &list[i]
	}
	return nil
}

func (p *plugging) isImage() bool {
	return p.device.Disk != nil && p.device.Disk.Type == domain.DiskFile
}

func (s *Service) takeImage(ctx context.Context, p *plugging) error {
	if err := s.findDevice(ctx, p); err != nil {
		return err
	}
	name, n := p.device.RunAlias()
	one := *p.found
	if p.isImage() {
		device, major, minor, err := s.Disks.Attach(ctx, s.Runs.Dir(p.c.run.UUID), n, one.Image, one.ReadOnly)
		if err != nil {
			return &domain.Error{Kind: domain.InvalidConfig, Element: one.Element, Text: err.Error()}
		}
		defer func() { _ = device.Close() }()
		one.Major, one.Minor = major, minor
		sup, err := p.supervisor()
		if err == nil {
			err = sup.HoldDisk(ctx, name, device)
		}
		if err != nil {
			return err
		}
	}
	p.forget()
	p.c.run.Devices = append(p.c.run.Devices, noted(&one, name))
	return nil
}

// forget takes the device out of the note.
func (p *plugging) forget() {
	name, _ := p.device.RunAlias()
	p.c.run.Devices = slices.DeleteFunc(slices.Clone(p.c.run.Devices), func(d Device) bool { return d.Alias == name })
}

// dropImage lets the loop device go also if a daemon died before it could note that.
func (*Service) dropImage(ctx context.Context, p *plugging) error {
	if p.isImage() {
		sup, err := p.supervisor()
		name, _ := p.device.RunAlias()
		if err == nil {
			err = sup.LetGo(ctx, name)
		}
		if err != nil {
			return err
		}
	}
	p.forget()
	return nil
}

func (s *Service) allowDevice(ctx context.Context, p *plugging) error {
	return s.permitDevice(ctx, p, p.noted().Access)
}

func (s *Service) denyDevice(ctx context.Context, p *plugging) error {
	if p.noted() == nil {
		return nil
	}
	return s.permitDevice(ctx, p, "")
}

// permitDevice allows the container to use a device in some ways, and in those of its other devices that have the same
// numbers.
func (s *Service) permitDevice(ctx context.Context, p *plugging, access string) error {
	d := p.noted()
	for _, other := range p.c.run.Devices {
		if other.Alias != d.Alias && other.Block == d.Block && other.Major == d.Major && other.Minor == d.Minor {
			access += other.Access
		}
	}
	letters := strings.Map(func(letter rune) rune {
		if strings.ContainsRune(access, letter) {
			return letter
		}
		return -1
	}, "rwm")
	return s.Scopes.AllowDevice(ctx, p.c.run.Unit, plan.DeviceAllow{Path: planner.DeviceNumbers(d.Block, d.Major, d.Minor), Access: letters})
}

func (s *Service) makeNode(ctx context.Context, p *plugging) error {
	sup, err := p.supervisor()
	if err != nil {
		return err
	}
	if err := sup.MakeNode(ctx, p.node()); err != nil {
		element := string(p.device.Kind()) + "/source"
		if p.device.Disk != nil {
			element = "disk/target@dev"
		}
		return plugFault(element, err)
	}
	return nil
}

func (*Service) removeNode(ctx context.Context, p *plugging) error {
	if p.noted() == nil {
		return nil
	}
	sup, err := p.supervisor()
	if err != nil {
		return err
	}
	return sup.RemoveNode(ctx, p.node())
}

// nodeMode is the mode of nodes, libvirt's: they are for the container's root.
const nodeMode = 0o700

func (p *plugging) node() DeviceNode {
	d, ids := p.noted(), p.c.live.IDMap
	n := DeviceNode{Device: plan.Device{Path: d.Path, Block: d.Block, Major: d.Major, Minor: d.Minor, Mode: nodeMode}, Label: p.c.run.Label.Files, Mapped: ids.Enabled()}
	n.Root = p.root()
	return n
}

// supervisor returns the supervisor of the container. It returns errNotAnswering if that does not answer.
func (p *plugging) supervisor() (Supervisor, error) {
	if p.c.run.supervisor == nil {
		return nil, errNotAnswering
	}
	return p.c.run.supervisor, nil
}

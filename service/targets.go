package service

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
)

// A definition can reach what is another's: the namespaces of another container, a process or a network namespace of
// the host, files of another container. Who defines that must have the right to the other, too. Who defines anything
// at all is as good as root (contract.ActionManage), so this is for rules that restrict him to some containers.

// target is what a definition reaches beside its own.
type target struct {
	action  string
	subject Subject
	named   Subject // of it in the definition
	what    string
}

// mayDefine asks whether the caller may define this, and returns the permit for the container that it is of. u is that
// container's uuid if the caller has named it, otherwise zero. It returns nil if the service acts by itself.
func (s *Service) mayDefine(ctx context.Context, def *domain.Def, u domain.UUID) (*Permit, error) {
	permit := permitOf(ctx)
	if permit == nil || permit.question.Caller.Root() {
		return permit, nil
	}
	if u.IsZero() { // the permit is for no container yet, because nobody had looked at the definition
		var err error
		if permit, err = permit.Naming(Subject{UUID: def.UUID, Name: def.Name}).Renew(s.defined(def)); err != nil {
			return nil, err
		}
	}
	return permit, s.mayReach(permit, def.UUID, def)
}

// defined returns the container that a definition is of, or will be of.
func (s *Service) defined(def *domain.Def) Subject {
	subject := Subject{UUID: def.UUID}
	if !def.UUID.IsZero() {
		subject = s.Subject(def.UUID)
	}
	if subject.Name == "" {
		subject.Name = def.Name
	}
	return subject
}

// mayTake asks whether the caller may give a container another name: rules go by names.
func (s *Service) mayTake(ctx context.Context, u domain.UUID, name string) error {
	permit := permitOf(ctx)
	if permit == nil {
		return nil
	}
	as := s.Subject(u)
	as.Name = name
	return permit.Also(contract.ActionManage, as, Subject{UUID: u, Name: name})
}

// mayAttach asks whether the caller may give a container this device.
func (s *Service) mayAttach(ctx context.Context, u domain.UUID, v domain.Device) error {
	permit := permitOf(ctx)
	if permit == nil || permit.question.Caller.Root() {
		return nil
	}
	d := &domain.Def{}
	d.Add(v)
	return s.mayReach(permit, u, d)
}

func (s *Service) mayReach(permit *Permit, self domain.UUID, def *domain.Def) error {
	for _, t := range s.targets(self, def) {
		if err := permit.Also(t.action, t.subject, t.named); err != nil {
			return fmt.Errorf("%s: %s: %w", t.what, t.action, err)
		}
	}
	return nil
}

// targets returns what a definition reaches that is not of the container self.
func (s *Service) targets(self domain.UUID, def *domain.Def) (list []target) {
	for _, share := range []struct {
		element string
		ref     domain.ShareRef
	}{{"sharenet", def.Share.Net}, {"shareipc", def.Share.IPC}, {"shareuts", def.Share.UTS}} {
		switch share.ref.Kind {
		case domain.ShareNone:
			continue
		case domain.ShareName, domain.SharePID, domain.ShareNetNS:
		}
		t := s.sharedWith(share.ref)
		t.what = "<lxc:" + share.element + ">"
		list = append(list, t)
	}
	sources := []string{}
	for _, f := range def.Filesystems {
		if f.Type != domain.FSRAM && (f.Type != domain.FSBind || f.Target == "/") {
			sources = append(sources, f.Source)
		}
	}
	for _, d := range def.Disks {
		sources = append(sources, d.Source)
	}
	return append(list, s.ownersOf(self, sources)...)
}

// sharedWith returns whose namespace it is. A process of the host that is no container's init can be anybody's.
func (s *Service) sharedWith(ref domain.ShareRef) target {
	switch ref.Kind {
	case domain.ShareName:
		named := Subject{Name: ref.Value}
		subject := named
		if snap, err := s.ByName(ref.Value); err == nil {
			subject = snap.Subject()
		}
		return target{action: contract.ActionNamespaces, subject: subject, named: named}
	case domain.SharePID:
		pid, err := strconv.ParseUint(ref.Value, 10, 32)
		if snap, unknown := s.ByLeader(uint32(pid)); err == nil && unknown == nil {
			return target{action: contract.ActionNamespaces, subject: snap.Subject()}
		}
	case domain.ShareNone, domain.ShareNetNS:
	}
	return target{action: contract.ActionAdmin}
}

// ownersOf returns the other containers whose roots these paths are in, or are above of.
func (s *Service) ownersOf(self domain.UUID, sources []string) (list []target) {
	if len(sources) == 0 {
		return nil
	}
	for _, snap := range s.List() {
		if snap.UUID == self || snap.Root == "" || snap.Root == "/" {
			continue
		}
		if i := slices.IndexFunc(sources, func(source string) bool { return within(source, snap.Root) || within(snap.Root, source) }); i >= 0 {
			list = append(list, target{contract.ActionNamespaces, snap.Subject(), Subject{}, "a source has files of another container"})
		}
	}
	return list
}

// within reports whether a path is another one, or below it, as they are written.
func within(name, dir string) bool {
	name, dir = path.Clean(name), path.Clean(dir)
	return name == dir || dir == "/" || strings.HasPrefix(name, dir+"/")
}

package service

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
)

// AllowDevice changes the list of devices of the last scope.
func (d scopesFake) AllowDevice(_ context.Context, unit string, a plan.DeviceAllow) error {
	if err := d.call("scopes.AllowDevice"); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.units[unit] == 0 {
		return fmt.Errorf("there is no unit %s", unit)
	}
	d.allowed = slices.DeleteFunc(slices.Clone(d.allowed), func(one string) bool { return strings.HasPrefix(one, a.Path+" ") })
	if a.Access != "" {
		d.allowed = append(d.allowed, a.Path+" "+a.Access)
	}
	return nil
}

func (s *supervisorFake) put(key, value string) {
	s.d.mu.Lock()
	defer s.d.mu.Unlock()
	if s.inside == nil {
		s.inside = map[string]string{}
	}
	s.inside[key] = value
}

func (s *supervisorFake) remove(key, value string) {
	s.d.mu.Lock()
	defer s.d.mu.Unlock()
	if s.inside[key] == value {
		delete(s.inside, key)
	}
}

func (s *supervisorFake) HoldDisk(_ context.Context, name string, f *os.File) error {
	if err := s.d.call("supervisor.HoldDisk"); err != nil {
		return err
	}
	if _, err := f.Stat(); err != nil {
		return err
	}
	s.put("held "+name, "disk")
	return nil
}

func (s *supervisorFake) LetGo(_ context.Context, name string) error {
	if err := s.d.call("supervisor.LetGo"); err != nil {
		return err
	}
	s.remove("held "+name, "disk")
	return nil
}

func (s *supervisorFake) MakeNode(_ context.Context, n DeviceNode) error {
	if err := s.d.call("supervisor.MakeNode"); err != nil {
		return err
	}
	s.put("node "+n.Path, fmt.Sprintf("%d:%d", n.Major, n.Minor))
	return nil
}

func (s *supervisorFake) RemoveNode(_ context.Context, n DeviceNode) error {
	if err := s.d.call("supervisor.RemoveNode"); err != nil {
		return err
	}
	s.remove("node "+n.Path, fmt.Sprintf("%d:%d", n.Major, n.Minor))
	return nil
}

// OpenSource opens a mount that left finds if it stays open.
func (s *supervisorFake) OpenSource(_ context.Context, o FSSource) (*os.File, FileID, error) {
	if err := s.d.call("supervisor.OpenSource"); err != nil {
		return nil, FileID{}, err
	}
	f, err := s.d.namespace()
	return f, FileID{1, uint64(len(o.Path))}, err
}

func (s *supervisorFake) HoldSource(_ context.Context, name, path string) error {
	if err := s.d.call("supervisor.HoldSource"); err != nil {
		return err
	}
	s.put("held "+name, "disk")
	return nil
}

func (s *supervisorFake) Exists(context.Context, Owner, string) (bool, error) {
	return false, s.d.call("supervisor.Exists")
}

func (s *supervisorFake) Mount(_ context.Context, tree *os.File, o FSMount) error {
	if err := s.d.call("supervisor.Mount"); err != nil {
		return err
	}
	if _, err := tree.Stat(); err != nil {
		return err
	}
	s.put("mount "+o.Target, "mounted")
	return nil
}

func (s *supervisorFake) Unmount(_ context.Context, o FSMount, _ FileID, made bool) error {
	if err := s.d.call("supervisor.Unmount"); err != nil {
		return err
	}
	s.remove("mount "+o.Target, "mounted")
	return nil
}

func (d disksFake) MountOne(context.Context, string, string, string, string, int, plan.Source) (*os.File, error) {
	if err := d.call("disks.MountOne"); err != nil {
		return nil, err
	}
	return d.namespace()
}

// plugged is all that the devices of the container web are, outside of the service.
func (w *world) plugged() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := slices.Clone(w.allowed)
	for _, s := range w.supervisors {
		for _, key := range slices.Sorted(maps.Keys(s.inside)) {
			list = append(list, key+" "+s.inside[key])
		}
	}
	slices.Sort(list)
	for _, saved := range w.runs {
		r := saved.Run
		r.Devices = slices.SortedFunc(slices.Values(r.Devices), func(a, b Device) int { return strings.Compare(a.Alias, b.Alias) })
		list = append(list, fmt.Sprintf("note %v %v %v", r.Plug != nil, r.Devices, names(r.Mounted)), r.XML)
	}
	for _, f := range w.namespaces {
		if _, err := f.Stat(); err == nil {
			list = append(list, "open device")
		}
	}
	stored, err := w.definitions["web"].Format(domain.FormatOptions{})
	return append(list, stored, fmt.Sprint(err))
}

func names(list []Mounted) (names []string) {
	for _, m := range list {
		names = append(names, m.Alias)
	}
	return names
}

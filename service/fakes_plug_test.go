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
		list = append(list, fmt.Sprintf("note %v %v", r.Plug != nil, r.Devices), r.XML)
	}
	for _, f := range w.namespaces {
		if _, err := f.Stat(); err == nil {
			list = append(list, "open device")
		}
	}
	stored, err := w.definitions["web"].Format(domain.FormatOptions{})
	return append(list, stored, fmt.Sprint(err))
}

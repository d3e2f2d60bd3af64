package service

import (
	"io/fs"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/figures"
)

// interfacesOf returns the interfaces of a definition.
func interfacesOf(d *domain.Def) []Interface {
	if len(d.Interfaces) == 0 {
		return nil
	}
	names := d.GuestLinks()
	list := make([]Interface, len(d.Interfaces))
	for n := range d.Interfaces {
		i := &d.Interfaces[n]
		list[n] = Interface{Name: names[n], Type: string(i.Type), Source: i.Source, Link: d.HostLink(n), Model: i.Model}
		if i.MAC != (domain.MAC{}) {
			list[n].MAC = i.MAC.String()
		}
	}
	return list
}

// traffic has the counters of interfaces. The host's ends of all veths are in one text of the kernel: what one end
// receives, the other one has transmitted, and nothing in a container can change or hide it. An interface without such
// an end is in the network namespace of its container only.
type traffic struct {
	*Service
	host  map[string]figures.Interface // nil: no container has a host's end
	fault error                        // why there are none
}

// trafficOf returns the counters for some containers. It returns nil if nobody wants them, and reads nothing for
// containers without interfaces.
func (s *Service) trafficOf(want figures.Wanted, list ...*measured) *traffic {
	if !want.Touches(figures.Net) {
		return nil
	}
	t := &traffic{Service: s}
	for _, m := range list {
		for n := range m.running() {
			if m.Snapshot.Interfaces[n].Link != "" {
				t.host, t.fault = s.Links.Counters(0)
				return t
			}
		}
	}
	return t
}

// running returns the interfaces of a container that runs.
func (m *measured) running() []Interface {
	if m.Leader == 0 {
		return nil
	}
	return m.Snapshot.Interfaces
}

// read enters the interfaces of a container. One that the container has removed, or given another name that only it
// knows, is left out.
func (t *traffic) read(m *measured) error {
	if t == nil {
		return nil
	}
	var inside map[string]figures.Interface
	for _, i := range m.running() {
		from, key := t.host, i.Link
		if key == "" {
			if inside == nil {
				var err error
				if inside, err = t.inside(m); err != nil {
					return err
				}
			}
			from, key = inside, i.Name
		} else if t.fault != nil {
			return t.fault
		}
		counted, there := from[key]
		if !there {
			continue
		}
		if i.Link != "" {
			counted = counted.OtherEnd()
		}
		counted.Name = i.Name
		m.AddInterface(counted)
	}
	return nil
}

// inside returns the counters of the links in the network namespace of a container, which its init is asked for. It
// returns fs.ErrNotExist if the pid is not init's any more: the kernel may have given it to another process, since
// nobody says so while the supervisor hangs.
func (t *traffic) inside(m *measured) (map[string]figures.Interface, error) {
	links, err := t.Links.Counters(m.Leader)
	if err != nil {
		return nil, err
	}
	_, id, err := t.Cgroups.Of(m.Leader)
	if err == nil && id != m.groupID {
		err = fs.ErrNotExist
	}
	return links, err
}

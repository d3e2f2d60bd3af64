package service

import (
	"errors"
	"fmt"
	"slices"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/idrange"
)

// HostIDs knows the user and group ids of the host.
type HostIDs interface {
	// Taken returns the ids that belong to the host or to containers of other managers.
	Taken() ([]idrange.Span, error)
	// Mapped returns the map of the user namespace of a process. It is not enabled if that is the host's.
	Mapped(pid uint32) (domain.IDMap, error)
	// Begins reports whether a range for a container begins with an id: of users and groups alike.
	Begins(id uint32) (bool, error)
}

// claimIDs chooses the ids and the MAC addresses of a definition that leaves the choice to us, and checks ids that come
// with such a definition. It returns a *domain.Error if somebody else has one of them, or if no range is free. A
// container keeps its ids. The claim holds until the caller calls done, after it stored, started or rejected the
// definition. The caller has the container locked.
func (s *Service) claimIDs(c *container, def *domain.Def) (done func(), err error) {
	auto, own := def.Extension.AutoIDMap, c.chosenIDs()
	if auto && !def.IDMap.Enabled() {
		def.IDMap = own
	}
	var host []idrange.Span
	kept := def.IDMap.Enabled() && sameIDs(def.IDMap, own)
	if auto && !kept {
		if host, err = s.HostIDs.Taken(); err != nil {
			return nil, fmt.Errorf("ids of the host: %w", err)
		}
	}
	s.claims.Lock()
	defer s.claims.Unlock()
	if auto && !kept {
		if err := s.chooseIDs(c, def, host); err != nil {
			return nil, err
		}
	}
	s.chooseMACs(c, def)
	c.mu.Lock()
	c.pending, c.previous = def, nil
	c.mu.Unlock()
	return func() {
		c.mu.Lock()
		c.pending = nil
		c.mu.Unlock()
	}, nil
}

// chooseIDs takes a free range, or checks the range in the definition. The caller holds claims.
func (s *Service) chooseIDs(c *container, def *domain.Def, host []idrange.Span) error {
	others := s.othersIDs(c)
	if def.IDMap.Enabled() {
		return checkIDs(spansOf(def), others, host)
	}
	taken := host
	for _, spans := range others {
		taken = append(taken, spans...)
	}
	got, err := idrange.Allocate(s.IDRange, taken, def.UUID[:])
	if errors.Is(err, idrange.ErrExhausted) {
		return idError("no %d ids in a row are free of those that IDRange=%v in berth.conf(5) allows", idrange.Size, s.IDRange)
	}
	if err != nil {
		return err
	}
	ids := []domain.IDRange{{Start: 0, Target: got.First, Count: idrange.Size}}
	def.IDMap = domain.IDMap{UIDs: ids, GIDs: slices.Clone(ids)}
	return nil
}

func checkIDs(wanted []idrange.Span, others map[string][]idrange.Span, host []idrange.Span) error {
	for _, w := range wanted {
		for name, spans := range others {
			if slices.ContainsFunc(spans, w.Overlaps) {
				return idError("the container '%s' has some of the ids %v in <idmap>; without <idmap> a free range is chosen", name, w)
			}
		}
		if n := slices.IndexFunc(host, w.Overlaps); n >= 0 {
			return idError("the host itself uses %v of the ids %v in <idmap>; without <idmap> a free range is chosen", host[n], w)
		}
	}
	return nil
}

// othersIDs returns the ids of every container but one, by name: of its stored, live, pending and previous
// definitions, and of definitions that cannot be read.
func (s *Service) othersIDs(but *container) map[string][]idrange.Span {
	s.mu.RLock()
	defer s.mu.RUnlock()
	ids := map[string][]idrange.Span{}
	for _, c := range s.byUUID {
		if c == but {
			continue
		}
		c.mu.Lock()
		for _, def := range []*domain.Def{c.stored, c.live, c.pending, c.previous} {
			if def != nil {
				ids[c.snap.Name] = append(ids[c.snap.Name], spansOf(def)...)
			}
		}
		c.mu.Unlock()
	}
	for name, bad := range s.bad {
		if bad.Def != nil {
			ids[name] = append(ids[name], spansOf(bad.Def)...)
		}
	}
	return ids
}

// chosenIDs returns the ids that were chosen for a container before. It returns an empty map if there are none.
func (c *container) chosenIDs() domain.IDMap {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, def := range []*domain.Def{c.stored, c.live} {
		if def != nil && def.Extension.AutoIDMap && def.IDMap.Enabled() {
			return def.IDMap
		}
	}
	return domain.IDMap{}
}

// checkChosen returns a *domain.Error if a definition has automatic ids and none were chosen. Its file was
// written by hand then. The container would run with the host's ids.
func checkChosen(def *domain.Def) error {
	if def.Extension.AutoIDMap && !def.IDMap.Enabled() {
		return idError("no ids have been chosen yet; define the container again")
	}
	return nil
}

func spansOf(def *domain.Def) []idrange.Span {
	var spans []idrange.Span
	for _, r := range slices.Concat(def.IDMap.UIDs, def.IDMap.GIDs) {
		spans = append(spans, idrange.Span{First: r.Target, Last: r.Target + (r.Count - 1)})
	}
	return spans
}

func sameIDs(a, b domain.IDMap) bool {
	return slices.Equal(a.UIDs, b.UIDs) && slices.Equal(a.GIDs, b.GIDs)
}

func idError(format string, args ...any) error {
	return &domain.Error{
		Kind: domain.InvalidConfig, Element: "domain/berth:container/berth:idmap", Text: fmt.Sprintf(format, args...),
	}
}

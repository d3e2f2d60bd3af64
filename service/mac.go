package service

import "github.com/berthd/berth/internal/domain"

// chooseMACs gives each interface of a definition that has no MAC address one that no other container has. The caller
// holds claims.
func (s *Service) chooseMACs(c *container, def *domain.Def) {
	var others map[domain.MAC]bool // read only if it is needed
	def.ChooseMACs(func(m domain.MAC) bool {
		if others == nil {
			others = s.othersMACs(c)
		}
		return others[m]
	})
}

// chooseMAC returns a MAC address for one more interface of a container, that no other one has. Until the container's
// pending definition goes, nobody else gets it.
func (s *Service) chooseMAC(c *container, i domain.Interface) domain.MAC {
	s.claims.Lock()
	defer s.claims.Unlock()
	c.mu.Lock()
	d := &domain.Def{UUID: c.snap.UUID, Interfaces: []domain.Interface{i}}
	own := map[domain.MAC]bool{}
	for _, def := range []*domain.Def{c.stored, c.live} {
		if def != nil {
			for n := range def.Interfaces {
				own[def.Interfaces[n].MAC] = true
			}
		}
	}
	c.mu.Unlock()
	others := s.othersMACs(c)
	d.ChooseMACs(func(m domain.MAC) bool { return own[m] || others[m] })
	c.mu.Lock()
	c.pending = d
	c.mu.Unlock()
	return d.Interfaces[0].MAC
}

// othersMACs returns the addresses of every container but one.
func (s *Service) othersMACs(but *container) map[domain.MAC]bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	taken := map[domain.MAC]bool{}
	for _, c := range s.byUUID {
		if c == but {
			continue
		}
		c.mu.Lock()
		for _, def := range []*domain.Def{c.stored, c.live, c.pending} {
			if def == nil {
				continue
			}
			for i := range def.Interfaces {
				taken[def.Interfaces[i].MAC] = true
			}
		}
		c.mu.Unlock()
	}
	return taken
}

// chooseStoredMACs does the same for stored definitions that were written by hand. The choice is the same each time, as
// long as nobody else has the address.
func chooseStoredMACs(defs []*domain.Def) {
	taken := map[domain.MAC]bool{}
	note := func(def *domain.Def) {
		for i := range def.Interfaces {
			taken[def.Interfaces[i].MAC] = true
		}
	}
	for _, def := range defs {
		note(def)
	}
	for _, def := range defs {
		if def.ChooseMACs(func(m domain.MAC) bool { return taken[m] }) {
			note(def)
		}
	}
}

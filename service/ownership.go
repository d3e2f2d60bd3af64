package service

import "github.com/berthd/berth/internal/domain"

// ownerOf returns the user whose container a definition says that it is.
func ownerOf(d *domain.Def) User {
	uid := d.Extension.OwnerUID
	return User{Set: uid != 0, UID: uid}
}

// reown gives a running container the owner of its new stored definition. An owner that changes only with the next
// start could go on with what the administrator has just taken from him. So the run no longer ends with the connection
// that started it, either: who has lost a container must not choose the moment of its end. The caller has the container
// locked.
func (s *Service) reown(c *container, def *domain.Def) {
	owner := def.Extension.OwnerUID
	if c.run == nil || c.live == nil || c.live.Extension.OwnerUID == owner {
		return
	}
	live := c.live.OwnedBy(owner)
	c.mu.Lock()
	c.live = live
	c.mu.Unlock()
	c.owner, c.run.Owner = "", ""
	s.noteDefinition(c.run, live)
}

// inheritOwner gives a live definition of an earlier daemon the owner of the stored one. That daemon may have died
// before it had noted the owner that it had stored.
func (s *Service) inheritOwner(r *run, live *domain.Def) {
	c, err := s.find(live.UUID)
	if err != nil || c.stored == nil || c.stored.Extension.OwnerUID == live.Extension.OwnerUID {
		return
	}
	live.Extension.OwnerUID = c.stored.Extension.OwnerUID
	r.Owner = ""
	s.noteDefinition(r, live)
}

// noteDefinition saves a live definition for a later daemon. It only logs an error: a later daemon reads the owner in
// the stored definition.
func (s *Service) noteDefinition(r *run, live *domain.Def) {
	text, err := live.Format(domain.FormatOptions{Run: true})
	if err != nil {
		s.Log.Error("live definition", r.who(), "err", err)
		return
	}
	r.XML = text
	s.save(r)
}

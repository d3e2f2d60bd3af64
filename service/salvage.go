package service

import (
	"context"
	"errors"
	"io/fs"
	"path"

	"github.com/berthd/berth/internal/domain"
)

// errOddNote refuses a note that can be read and does not say what the run holds.
var errOddNote = errors.New("the note does not name the scope")

// salvage asks the kernel and systemd-machined of a run whose note cannot be used, or was never written.
// It fills in what is needed to see, stop and release the run, and reports whether there is such a run. An
// error says that the supervisor is gone and machined does not answer: then nobody knows.
func (s *Service) salvage(ctx context.Context, r *run, why error, presence Presence) (found bool, err error) {
	if !errors.Is(why, fs.ErrNotExist) {
		s.Log.Error("run state", "uuid", r.UUID.String(), "err", why)
	}
	r.Version, r.State, r.Reason, r.Changed = RunVersion, StateRunning, ReasonUnknown, s.Now()
	switch presence {
	case Alive:
		r.Supervisor, r.Leader = r.supervisor.PID(), r.supervisor.Leader()
	case Unknown:
		p, ok, err := s.Supervisors.Find(s.Runs.Dir(r.UUID))
		if err != nil || !ok {
			s.Log.Error("no supervisor found", "uuid", r.UUID.String(), "err", err)
		}
		r.Supervisor = p.PID
	case Gone:
	}
	registered, err := s.askMachined(ctx, r)
	if !s.locate(r, r.Supervisor) && registered {
		s.locate(r, r.Leader)
	}
	if presence != Gone {
		return true, nil
	}
	return registered, err
}

// askMachined fills in what systemd-machined has registered for a run. The machine's id is the container's
// uuid, so it cannot be another's.
func (s *Service) askMachined(ctx context.Context, r *run) (registered bool, err error) {
	m, registered, err := s.Machines.Find(ctx, r.UUID)
	if registered {
		r.Machine, r.Unit, r.Leader = m.Name, m.Unit, m.Leader
	}
	return registered, err
}

// locate finds the scope of a run by one of its processes, which is known to live. A supervisor that has no
// scope yet is in berthd's own group, and that is never taken for the container's.
func (s *Service) locate(r *run, pid uint32) (found bool) {
	if pid == 0 {
		return false
	}
	unit := r.Unit
	if unit == "" {
		unit = s.unitOf(r.UUID)
	}
	group, id, err := s.Cgroups.Of(pid)
	if err != nil || path.Base(group) != unit {
		return false
	}
	r.Group, r.GroupID, r.Unit, r.Slice = group, id, path.Base(group), path.Base(path.Dir(group))
	return true
}

// unitOf is the scope of a run whose note does not say it. The supervisor knows the name that the container
// was started with; the stored definition may be another by now.
func (s *Service) unitOf(u domain.UUID) string {
	def := &domain.Def{}
	if p, ok, err := s.Supervisors.Find(s.Runs.Dir(u)); err == nil && ok {
		def.Name = p.Name
	} else if c, err := s.find(u); err == nil && c.stored != nil {
		def = c.stored
	} else {
		return ""
	}
	unit, _ := s.Scopes.Names(def.MachineName(), def.Partition)
	return unit
}

// discard removes the directory of a run of which nothing is left. If there was a note, even one that cannot
// be read, the directory is kept as that of the last run: it has the consoles.
func (s *Service) discard(u domain.UUID, why error) {
	remove := s.Runs.Archive
	if errors.Is(why, fs.ErrNotExist) {
		remove = s.Runs.Discard
	}
	if err := remove(u); err != nil {
		s.Log.Error("run without a state", "uuid", u.String(), "err", err)
	}
}

// liveDefinition is the definition that a run was started with. If it cannot be read, by this version of
// Berth or at all, what is known elsewhere has to do: the name, the ids that the kernel maps, and otherwise
// the stored definition.
func (s *Service) liveDefinition(r *run) *domain.Def {
	def, err := domain.Parse([]byte(r.XML))
	if err == nil && def.UUID == r.UUID {
		return def
	}
	s.Log.Error("the live definition cannot be read", "machine", r.Machine, "uuid", r.UUID.String(), "err", err)
	def = s.substitute(r)
	if ids, err := s.HostIDs.Mapped(r.Leader); err == nil && ids.Enabled() {
		def.IDMap = ids
	}
	return def
}

// substitute is a definition in place of one that cannot be read.
func (s *Service) substitute(r *run) *domain.Def {
	if c, err := s.find(r.UUID); err == nil && c.stored != nil {
		copied := *c.stored
		return &copied
	}
	if def := domain.Salvage([]byte(r.XML)); def != nil && def.Name != "" {
		def.UUID = r.UUID
		return def
	}
	name := r.UUID.String()
	if found, ok, err := s.Supervisors.Find(s.Runs.Dir(r.UUID)); err == nil && ok {
		name = found.Name
	} else if r.Machine != "" {
		name = r.Machine
	}
	return &domain.Def{UUID: r.UUID, Name: name}
}

package service

import (
	"context"
	"errors"
	"io/fs"
	"path"

	"github.com/berthd/berth/internal/domain"
)

// errOddNote says that a note can be read, but does not tell which parts the run holds.
var errOddNote = errors.New("the note does not name the scope")

// salvage fills in the note of a run if that cannot be used or was never written. It asks the kernel and
// systemd-machined for as much as is needed to list, stop and release the run. found says whether the run
// exists. It returns an error if that is not known: the supervisor is gone and machined does not answer.
func (s *Service) salvage(ctx context.Context, r *run, why error, presence Presence) (found bool, err error) {
	if !errors.Is(why, fs.ErrNotExist) {
		s.Log.Error("run state", r.who(), "err", why)
	}
	r.Version, r.State, r.Reason, r.Changed = RunVersion, StateRunning, ReasonUnknown, s.Now()
	switch presence {
	case Alive:
		r.Supervisor, r.Leader = r.supervisor.PID(), r.supervisor.Leader()
		r.Label = s.Labels.Of(r.Leader)
		r.Relabelled = r.Label.Process != "" // if it was not, there is nothing to restore
	case Unknown:
		p, ok, err := s.Supervisors.Find(s.Runs.Dir(r.UUID))
		if err != nil || !ok {
			s.Log.Error("no supervisor found", r.who(), "err", err)
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

// askMachined fills in the names and the leader that systemd-machined has for a run, and reports whether
// machined has it. The machine's id is the container's uuid, so it cannot be somebody else's machine. It
// returns an error if machined does not answer.
func (s *Service) askMachined(ctx context.Context, r *run) (registered bool, err error) {
	m, registered, err := s.Machines.Find(ctx, r.UUID)
	if registered {
		r.Machine, r.Unit, r.Leader = m.Name, m.Unit, m.Leader
	}
	return registered, err
}

// locate finds the scope of a run by one of its living processes. It reports false if pid is 0, or in another
// unit than the run's. A supervisor without a scope is still in berthd's own unit.
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

// unitOf returns the name of a run's scope if the note does not have it, or "" if it is not known. It prefers
// the supervisor's name of the container: the stored definition may have changed since the start.
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

// discard removes the directory of a run that does not exist. If the directory has a note, even one that
// cannot be read, it becomes that of the previous run: it has the consoles.
func (s *Service) discard(u domain.UUID, why error) {
	if err := s.Links.GiveBackNICs(s.pin(&Run{UUID: u}), nil); err != nil { // without a note, the kernel does what it can
		s.Log.Error("network namespace of a run without a state", s.WhoHas(u), "err", err)
	}
	remove := s.Runs.Archive
	if errors.Is(why, fs.ErrNotExist) {
		remove = s.Runs.Discard
	}
	if err := remove(u); err != nil {
		s.Log.Error("run without a state", s.WhoHas(u), "err", err)
	}
}

// liveDefinition returns the definition that a run was started with. If this version of Berth cannot read
// it, it returns a substitute with the ids that the kernel maps.
func (s *Service) liveDefinition(r *run) *domain.Def {
	def, err := domain.ParseRun([]byte(r.XML))
	if err == nil && def.UUID == r.UUID {
		return def
	}
	s.Log.Error("the live definition cannot be read", r.who(), "err", err)
	def = s.substitute(r)
	if ids, err := s.HostIDs.Mapped(r.Leader); err == nil && ids.Enabled() {
		def.IDMap = ids
	}
	return def
}

// substitute returns a definition for a run whose own cannot be read. It is the stored one if there is one.
// Otherwise it has the uuid, and the name from the rest of the text, the supervisor or machined.
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

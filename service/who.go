package service

import (
	"log/slog"

	"github.com/berthd/berth/internal/domain"
)

// subject is what a record of the log says of its container. Package journal makes fields of that.
type subject struct {
	name          string
	uuid          domain.UUID
	machine, unit string
}

// LogValue returns the attributes, without those that are not known. They are made only if the record is written.
func (s subject) LogValue() slog.Value {
	list := make([]slog.Attr, 0, 4)
	for _, a := range []slog.Attr{
		slog.String("domain", s.name), slog.String("uuid", s.uuid.String()), slog.String("machine", s.machine), slog.String("unit", s.unit),
	} {
		if a.Value.String() != "" && a.Value.String() != (domain.UUID{}).String() {
			list = append(list, a)
		}
	}
	return slog.GroupValue(list...)
}

// Who returns the attributes by which a record of the log names its container.
func (snap *Snapshot) Who() slog.Attr {
	return slog.Any("", subject{snap.Name, snap.UUID, snap.MachineName, snap.Unit})
}

// who is Who of the container as it is when the record is written. The caller must not hold mu.
func (c *container) who() slog.Attr {
	snap := c.snapshot()
	return snap.Who()
}

// who names the container of a run.
func (r *Run) who() slog.Attr { return slog.Any("", r) }

// LogValue returns the attributes of who.
func (r *Run) LogValue() slog.Value { return subject{r.Name, r.UUID, r.Machine, r.Unit}.LogValue() }

// Who names the container of an audit record.
func (e *Audited) Who() slog.Attr {
	return whoIs(&domain.Def{Name: e.Name, UUID: e.UUID})
}

// message returns the attribute with the id of a message of package contract.
func message(id string) slog.Attr { return slog.String("message_id", id) }

// WhoHas names a container as far as it is known: at first berthd knows of a run only its directory.
func (s *Service) WhoHas(u domain.UUID) slog.Attr {
	if c, err := s.find(u); err == nil {
		return c.who()
	}
	return slog.Any("", subject{uuid: u})
}

// who names the container of a definition that cannot be read.
func (b *Unreadable) who() slog.Attr {
	if b.Def == nil {
		return slog.Any("", subject{name: b.Name})
	}
	return slog.Any("", subject{name: b.Name, uuid: b.Def.UUID})
}

// whoIs names the container of a definition.
func whoIs(d *domain.Def) slog.Attr {
	return slog.Any("", subject{name: d.Name, uuid: d.UUID, machine: d.MachineName()})
}

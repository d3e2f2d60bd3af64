package dbusapi

import (
	"log/slog"
	"sync"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/events"
	"github.com/berthd/berth/service"
)

// Signals is the service's Observer: it turns each change into signals. It exists before the
// server, because the service needs it first; what happens before the server has the name is sent
// when it has it.
type Signals struct {
	out     *outbox
	props   []property
	serials serials // of the connection that the signals will go to
	log     *slog.Logger

	mu     sync.Mutex // keeps a change's signals together and guards the fields below
	active map[domain.UUID]bool
	seeded bool
	count  uint32
}

// NewSignals makes the observer for service.New; give the same to New.
func NewSignals(log *slog.Logger) *Signals {
	return &Signals{
		out: newOutbox(), props: containerProperties(), log: log, active: make(map[domain.UUID]bool),
	}
}

// Changed implements service.Observer. The order of one change's signals: the object appears, its
// properties change, the count changes, the event is told, the object goes.
func (s *Signals) Changed(before, after *service.Snapshot, event *events.Event) {
	subject := after
	if subject == nil {
		subject = before
	}
	if subject == nil {
		return
	}
	path := ContainerPath(subject.UUID)

	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case before == nil:
		s.emit(rootPath, objectManagerName, "InterfacesAdded", path,
			map[string]map[string]dbus.Variant{contract.ContainerInterface: values(s.props, view{snap: after})})
	case after != nil:
		if diff := changed(s.props, view{snap: before}, view{snap: after}); len(diff) > 0 {
			s.emit(path, propertiesName, "PropertiesChanged", contract.ContainerInterface, diff, []string{})
		}
	}
	s.track(subject.UUID, after)
	if event != nil {
		s.emit(rootPath, contract.ManagerInterface, "Lifecycle", path, string(event.Kind), string(event.Detail), event.Seq,
			map[string]dbus.Variant{
				"name": dbus.MakeVariant(subject.Name), "uuid": dbus.MakeVariant(subject.UUID.String()),
			})
	}
	if after == nil {
		s.emit(rootPath, objectManagerName, "InterfacesRemoved", path, []string{contract.ContainerInterface})
	}
}

func (s *Signals) emit(path dbus.ObjectPath, ifaceName, member string, body ...any) {
	msg, err := encode(&dbus.Message{Type: dbus.TypeSignal, Body: body, Headers: map[dbus.HeaderField]dbus.Variant{
		dbus.FieldPath:      dbus.MakeVariant(path),
		dbus.FieldInterface: dbus.MakeVariant(ifaceName),
		dbus.FieldMember:    dbus.MakeVariant(member),
	}}, s.serials.GetSerial())
	if err != nil {
		s.log.Error("signal not sent", "op", member, "err", err)
		return
	}
	s.out.push(msg, nil)
}

// isActive reports whether a container counts as running: it has an init.
func isActive(snap *service.Snapshot) bool {
	if snap == nil {
		return false
	}
	switch snap.State {
	case service.StateRunning, service.StatePaused, service.StateStopping:
		return true
	}
	return false
}

// track notes what a container does now and announces the count when it changed. The count is our
// own rather than the length of a list, so that the property and its signal always agree.
func (s *Signals) track(u domain.UUID, after *service.Snapshot) {
	now := isActive(after)
	was := s.active[u]
	s.active[u] = now
	if after == nil && s.seeded {
		delete(s.active, u)
	}
	if now == was {
		return
	}
	if now {
		s.count++
	} else {
		s.count--
	}
	if s.seeded {
		s.emit(rootPath, propertiesName, "PropertiesChanged", contract.ManagerInterface,
			map[string]dbus.Variant{"ContainersRunning": dbus.MakeVariant(s.count)}, []string{})
	}
}

// seed adds the containers that were there before the first change was told. One that changed
// meanwhile, or went, is known better here than in the list.
func (s *Signals) seed(list []service.Snapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, snap := range list {
		if _, known := s.active[snap.UUID]; known {
			continue
		}
		s.active[snap.UUID] = isActive(&snap)
		if isActive(&snap) {
			s.count++
		}
	}
	s.seeded = true
}

func (s *Signals) running() uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
}

package dbusapi

import (
	"log/slog"
	"sync"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/bus"
	"github.com/berthd/berth/internal/events"
	"github.com/berthd/berth/service"
)

// Signals is the service's Observer: it turns each change into signals. It exists before the
// server, because the service needs it first; what happens before the server has the name is sent
// when it has it.
type Signals struct {
	out     *outbox
	props   []property
	serials bus.Serials // of the connection that the signals will go to
	log     *slog.Logger

	mu     sync.Mutex // keeps a change's signals together and guards the fields below
	active func() int // nil until the server has the name
	told   uint32     // the last number that was announced
	muted  bool       // the name is being given up

	watchers map[dbus.Sender]*watcher
	about    about // what is being told, for the signals that are emitted meanwhile
}

// NewSignals makes the observer for service.New; give the same to New.
func NewSignals(log *slog.Logger) *Signals {
	return &Signals{
		out: newOutbox(), props: containerProperties(), log: log,
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
	s.about.subject = subject.Subject()
	defer func() { s.about = about{} }()
	switch {
	case before == nil:
		s.emit(rootPath, objectManagerName, "InterfacesAdded", path,
			map[string]map[string]dbus.Variant{contract.ContainerInterface: values(s.props, view{snap: after})})
	case after != nil:
		if diff := changed(s.props, view{snap: before}, view{snap: after}); len(diff) > 0 {
			s.emit(path, propertiesName, "PropertiesChanged", contract.ContainerInterface, diff, []string{})
		}
	}
	s.announceCount()
	if event != nil {
		s.announce(path, subject, event)
	}
	if after == nil {
		s.emit(rootPath, objectManagerName, "InterfacesRemoved", path, []string{contract.ContainerInterface})
	}
}

// announce tells an event. The caller holds mu.
func (s *Signals) announce(path dbus.ObjectPath, subject *service.Snapshot, e *events.Event) {
	details := map[string]dbus.Variant{
		"name": dbus.MakeVariant(subject.Name), "uuid": dbus.MakeVariant(subject.UUID.String()),
	}
	if e.OOM == nil {
		s.emit(rootPath, contract.ManagerInterface, "Lifecycle", path, string(e.Kind), string(e.Detail), e.Seq, details)
		return
	}
	if e.OOM.Process != "" {
		details["process"], details["pid"] = dbus.MakeVariant(e.OOM.Process), dbus.MakeVariant(e.OOM.PID)
	}
	s.emit(rootPath, contract.ManagerInterface, "OOMKill", path, e.OOM.Kills, e.Seq, details)
}

// mute sends no more signals, and returns a channel that is closed when all that were emitted before are
// written.
func (s *Signals) mute() <-chan struct{} {
	written := make(chan struct{})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.muted = true
	s.out.push(nil, func() { close(written) })
	return written
}

// emit sends one signal to root, and to each watcher who may hear of what it is about; mu is held.
func (s *Signals) emit(path dbus.ObjectPath, ifaceName, member string, body ...any) {
	if s.muted {
		return
	}
	if len(s.watchers) > 0 {
		s.tell(heard{path, ifaceName, member, body, s.about})
	}
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

// announceCount tells of the number of containers that are on, when it has changed. It is read behind each
// change and under the lock, so the last signal has the last number. The caller holds mu.
func (s *Signals) announceCount() {
	if s.active == nil {
		return
	}
	n := uint32(s.active())
	if n == s.told {
		return
	}
	s.told = n
	what := s.about
	s.about = about{} // the number of all is root's to know
	defer func() { s.about = what }()
	s.emit(rootPath, propertiesName, "PropertiesChanged", contract.ManagerInterface,
		map[string]dbus.Variant{"ContainersRunning": dbus.MakeVariant(n)}, []string{})
}

// seed begins to announce the number of containers that are on, from what it is now.
func (s *Signals) seed(active func() int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active, s.told = active, uint32(active())
}

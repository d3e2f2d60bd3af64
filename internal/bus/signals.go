package bus

import (
	"maps"
	"sync"
)

// maxSignal bounds a signal's body in bytes: the longest that is expected names a unit, its object and
// a job.
const maxSignal = 8 << 10

// maxChange bounds the body of a signal that has values of properties: those of systemd-networkd have all leases of a
// DHCP server.
const (
	maxChange        = 1 << 20
	changeOfProperty = "org.freedesktop.DBus.Properties.PropertiesChanged"
)

const ownerChanged = busName + ".NameOwnerChanged"

// ownSignals are those of the bus itself. godbus keeps an account of its names by the first two.
func ownSignals() map[string]string {
	return map[string]string{
		busName + ".NameAcquired": "s",
		busName + ".NameLost":     "s",
		ownerChanged:              "sss",
	}
}

// signals knows the signals that are expected and who owns the names of those that send them.
type signals struct {
	expected map[string]map[string]string // by name of the sender: signatures by name of the signal

	mu     sync.Mutex // guards owners; held for map access only
	owners map[string]string
}

func newSignals(expected map[string]map[string]string) *signals {
	s := &signals{expected: map[string]map[string]string{}, owners: map[string]string{}}
	maps.Copy(s.expected, expected)
	s.expected[busName] = ownSignals()
	return s
}

// expect says what may follow the header of a signal. Only the sender, which the bus writes, tells a
// service's signals from a stranger's.
func (s *signals) expect(h *Header) (expectation, bool) {
	name := h.Interface + "." + h.Member
	for sender, names := range s.expected {
		signature, ok := names[name]
		if ok && s.owns(h.Sender, sender) {
			most := maxSignal
			if name == changeOfProperty {
				most = maxChange
			}
			return expectation{Body: Body{Signature: signature, Max: most}, otherwise: drop}, true
		}
	}
	return expectation{}, false
}

// owns reports whether a connection owns a name. The bus is called by its name itself.
func (s *signals) owns(connection, name string) bool {
	if name == busName {
		return connection == name
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return connection != "" && s.owners[name] == connection
}

// follow takes in the owner of a name as the bus gave it on being asked. What a signal said meanwhile
// is newer.
func (s *signals) follow(name, owner string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.owners[name]; !known {
		s.owners[name] = owner
	}
}

// heard takes in a signal that was let through, before it is delivered: the new owner's signals may be
// right behind.
func (s *signals) heard(h *Header, body []byte) {
	if h.Sender != busName || h.Interface+"."+h.Member != ownerChanged {
		return
	}
	c := cursor{order: h.order, b: body}
	var args [3]string
	for i := range args {
		text, err := c.text()
		if err != nil {
			return
		}
		args[i] = string(text)
	}
	name, after := args[0], args[2]
	if _, wanted := s.expected[name]; !wanted || name == busName {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.owners[name] = after
}

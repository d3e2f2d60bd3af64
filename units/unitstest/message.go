package unitstest

import (
	"fmt"
	"strings"

	"github.com/godbus/dbus/v5"
)

// Call is one method call to systemd.
type Call struct {
	Method string
	Sender string
	Args   []any

	m *dbus.Message
}

// Unit is the first argument, which is the unit in all calls that have one.
func (c Call) Unit() string {
	if len(c.Args) == 0 {
		return ""
	}
	unit, _ := c.Args[0].(string)
	return unit
}

func (c Call) String() string { return strings.TrimSpace(c.Method + " " + c.Unit()) }

// Reply answers a call, unless its caller wants no answer.
func (s *Systemd) Reply(c Call, body ...any) { s.respond(c, dbus.TypeMethodReply, nil, body) }

// Fail answers a call with an error.
func (s *Systemd) Fail(c Call, name, message string) {
	s.respond(c, dbus.TypeError, map[dbus.HeaderField]dbus.Variant{dbus.FieldErrorName: dbus.MakeVariant(name)}, []any{message})
}

func (s *Systemd) respond(c Call, t dbus.Type, headers map[dbus.HeaderField]dbus.Variant, body []any) {
	if c.m.Flags&dbus.FlagNoReplyExpected != 0 {
		return
	}
	if headers == nil {
		headers = map[dbus.HeaderField]dbus.Variant{}
	}
	headers[dbus.FieldReplySerial] = dbus.MakeVariant(c.m.Serial())
	headers[dbus.FieldDestination] = dbus.MakeVariant(c.Sender)
	s.send(t, headers, body)
}

// JobRemoved says how a job ended.
func (s *Systemd) JobRemoved(job dbus.ObjectPath, unit, result string) {
	var id uint32
	_, _ = fmt.Sscanf(string(job), string(busPath)+"/job/%d", &id)
	s.signal(busPath, manager, "JobRemoved", "", id, job, unit, result)
}

// UnitRemoved says that a unit is no longer loaded, which a reload says of all of them.
func (s *Systemd) UnitRemoved(unit string) {
	s.signal(busPath, manager, "UnitRemoved", "", unit, unitPath(unit))
}

// Reloading says that a reload begins or is over.
func (s *Systemd) Reloading(active bool) { s.signal(busPath, manager, "Reloading", "", active) }

func (s *Systemd) signal(path dbus.ObjectPath, iface, member, to string, body ...any) {
	headers := map[dbus.HeaderField]dbus.Variant{
		dbus.FieldPath:      dbus.MakeVariant(path),
		dbus.FieldInterface: dbus.MakeVariant(iface),
		dbus.FieldMember:    dbus.MakeVariant(member),
	}
	if to != "" {
		headers[dbus.FieldDestination] = dbus.MakeVariant(to)
	}
	s.send(dbus.TypeSignal, headers, body)
}

// send writes a message at once, so that messages leave in the order of the calls.
func (s *Systemd) send(t dbus.Type, headers map[dbus.HeaderField]dbus.Variant, body []any) {
	m := &dbus.Message{Type: t, Headers: headers, Body: body}
	if len(body) > 0 {
		m.Headers[dbus.FieldSignature] = dbus.MakeVariant(dbus.SignatureOf(body...))
	}
	s.conn.Send(m, nil)
}

// Properties is a GetAll of a unit in a state, with a job of that number or, by 0, none.
func Properties(activeState string, job uint32) map[string]dbus.Variant {
	type ref struct {
		ID   uint32
		Path dbus.ObjectPath
	}
	return map[string]dbus.Variant{
		"ActiveState": dbus.MakeVariant(activeState),
		"Job":         dbus.MakeVariant(ref{job, "/"}),
	}
}

func text(m *dbus.Message, field dbus.HeaderField) string {
	s, _ := m.Headers[field].Value().(string)
	return s
}

// unitPath is a unit's object, by sd_bus_path_encode(3).
func unitPath(unit string) dbus.ObjectPath {
	var b strings.Builder
	b.WriteString(string(busPath) + "/unit/")
	for i := range len(unit) {
		c := unit[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9' && i > 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "_%02x", c)
		}
	}
	return dbus.ObjectPath(b.String())
}

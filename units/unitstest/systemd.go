package unitstest

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"
)

const (
	busName = "org.freedesktop.systemd1"
	busPath = dbus.ObjectPath("/org/freedesktop/systemd1")
	manager = "org.freedesktop.systemd1.Manager"
)

// Answer is asked about each call first; true means that it gave the answer, or wants none.
type Answer func(s *Systemd, c Call) bool

// Systemd is the fake. Its methods may be called from an Answer.
type Systemd struct {
	conn   *dbus.Conn
	answer Answer

	mu     sync.Mutex
	scopes map[string]map[string]any // unit to the properties that it was started with
	calls  []string
	job    uint32
}

// New takes systemd's name on the bus and serves it until conn is closed. answer may be nil.
func New(conn *dbus.Conn, answer Answer) (*Systemd, error) {
	s := &Systemd{conn: conn, answer: answer, scopes: map[string]map[string]any{}}
	// From before the name is ours, since a call may be the next thing that the bus brings. An
	// eavesdropper gets every message, so the bus is asked for no reply but for its signal. One that
	// goes may still have the name: we queue for it.
	messages := make(chan *dbus.Message, 4096) // godbus drops what does not fit
	conn.Eavesdrop(messages)
	call := conn.BusObject().Go("org.freedesktop.DBus.RequestName", dbus.FlagNoReplyExpected, nil, busName, uint32(0))
	if call.Err != nil {
		return nil, fmt.Errorf("request %s: %w", busName, call.Err)
	}
	late := time.After(time.Minute)
	for {
		select {
		case m := <-messages:
			if m.Type == dbus.TypeSignal && text(m, dbus.FieldMember) == "NameAcquired" && m.Body[0] == busName {
				go s.serve(messages)
				return s, nil
			}
		case <-late:
			return nil, fmt.Errorf("request %s: taken", busName)
		}
	}
}

// Calls lists the Manager's methods that were called, with the unit: "StopUnit a.scope".
func (s *Systemd) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// Scope gives the properties that a scope was started with; false when there is none of that name.
func (s *Systemd) Scope(unit string) (map[string]any, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	properties, ok := s.scopes[unit]
	return properties, ok
}

// Add enters a scope that is there without a start.
func (s *Systemd) Add(unit string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scopes[unit] = map[string]any{}
}

// Remove unloads a scope and says so.
func (s *Systemd) Remove(unit string) {
	s.mu.Lock()
	delete(s.scopes, unit)
	s.mu.Unlock()
	s.UnitRemoved(unit)
}

func (s *Systemd) serve(messages <-chan *dbus.Message) {
	for m := range messages {
		if m.Type != dbus.TypeMethodCall {
			continue
		}
		c := Call{m: m, Method: text(m, dbus.FieldMember), Sender: text(m, dbus.FieldSender), Args: m.Body}
		s.mu.Lock()
		s.calls = append(s.calls, c.String())
		s.mu.Unlock()
		if s.answer == nil || !s.answer(s, c) {
			s.Serve(c)
		}
	}
}

// Process is one row of the answer to GetUnitProcesses.
type Process struct {
	Group   string
	PID     uint32
	Command string
}

// Serve answers as systemd would.
func (s *Systemd) Serve(c Call) {
	switch c.Method {
	case "Subscribe":
		s.Reply(c)
	case "StartTransientUnit":
		s.startTransient(c)
	case "StopUnit":
		if _, ok := s.Scope(c.Unit()); !ok {
			s.noSuchUnit(c)
			return
		}
		job := s.NewJob()
		s.Reply(c, job)
		s.JobRemoved(job, c.Unit(), "done")
		s.Remove(c.Unit())
	case "GetUnit":
		if _, ok := s.Scope(c.Unit()); !ok {
			s.noSuchUnit(c)
			return
		}
		s.Reply(c, unitPath(c.Unit()))
	case "GetAll":
		s.Reply(c, Properties("active", 0))
	case "GetUnitProcesses":
		s.Reply(c, []Process{{"/machine.slice/" + c.Unit(), 42, "init"}})
	default:
		s.Fail(c, "org.freedesktop.DBus.Error.UnknownMethod", "unknown method")
	}
}

func (s *Systemd) startTransient(c Call) {
	if _, ok := s.Scope(c.Unit()); ok {
		s.Fail(c, busName+".UnitExists", "Unit was already loaded or has a fragment file.")
		return
	}
	properties := map[string]any{}
	for _, p := range c.Args[2].([][]any) {
		properties[p[0].(string)] = p[1].(dbus.Variant).Value()
	}
	s.mu.Lock()
	s.scopes[c.Unit()] = properties
	s.mu.Unlock()
	job := s.NewJob()
	s.Reply(c, job)
	s.JobRemoved(job, c.Unit(), "done")
}

func (s *Systemd) noSuchUnit(c Call) {
	s.Fail(c, busName+".NoSuchUnit", "Unit "+c.Unit()+" not loaded.")
}

// NewJob gives the path of a job that nobody had before.
func (s *Systemd) NewJob() dbus.ObjectPath {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.job++
	return dbus.ObjectPath(fmt.Sprintf("%s/job/%d", busPath, s.job))
}

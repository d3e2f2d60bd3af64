package dbusapi

import (
	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
)

// LogControl is the daemon's log, as org.freedesktop.LogControl1(5) has it. systemctl service-log-level and
// service-log-target read and change it. Levels and targets are systemd's names; a setter returns an error for another.
type LogControl interface {
	Level() string
	SetLevel(name string) error
	Target() string
	SetTarget(name string) error
}

// logIdentifier is the name of the daemon in the log.
const logIdentifier = "berthd"

func logControlIface() *iface {
	i := newIface(contract.LogControlInterface, []property{
		{"LogLevel", "s", emitsNever, func(v view) any { return v.log.level }},
		{"LogTarget", "s", emitsNever, func(v view) any { return v.log.target }},
		{"SyslogIdentifier", "s", emitsNever, func(view) any { return logIdentifier }},
	})
	i.setters = map[string]func(*Server, string) error{
		"LogLevel":  func(s *Server, value string) error { return s.logs.SetLevel(value) },
		"LogTarget": func(s *Server, value string) error { return s.logs.SetTarget(value) },
	}
	return i
}

// logView is what the properties of the log are read from.
type logView struct{ level, target string }

// set changes a property that has a setter. It reports false if the property is read-only.
func (s *Server) set(c *call, property string, value dbus.Variant) (writable bool, err error) {
	for _, i := range s.ifaces[c.kind] {
		setter := i.setters[property]
		if setter == nil {
			continue
		}
		text, is := value.Value().(string)
		if !is {
			return true, stdError(contract.ErrorInvalidArgs, "property %q is of type \"s\", not %q", property, value.Signature())
		}
		if err := setter(s, text); err != nil {
			return true, stdError(contract.ErrorInvalidArgs, "cannot set %s: %v", property, err)
		}
		return true, nil
	}
	return false, nil
}

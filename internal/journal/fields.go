package journal

import (
	"errors"
	"log/slog"
	"strconv"
	"syscall"
)

// Identifier is the name of the daemon in the log.
const Identifier = "berthd"

// MessageID is the key of an attribute with the id of a message (package contract). The journal has it as MESSAGE_ID,
// and shows the text of the catalog for it.
const MessageID = "message_id"

// field is a field of a record in the journal.
type field struct{ name, value string }

// names of the fields that attributes become. MACHINE is what journalctl --machine= and the consoles of containers
// have. OBJECT_SYSTEMD_UNIT shows the record in the log of the container's scope too (journalctl --unit=, systemctl
// status).
//
//nolint:gochecknoglobals // a table of constants
var names = map[string]string{
	MessageID: "MESSAGE_ID",
	"domain":  "CONTAINER_NAME",
	"uuid":    "CONTAINER_UUID",
	"machine": "MACHINE",
	"unit":    "OBJECT_SYSTEMD_UNIT",
	"reason":  "CONTAINER_REASON",
	"network": "NETWORK_NAME",
	"op":      "OPERATION",
}

// fieldsOf returns the fields of a record.
func (h *Handler) fieldsOf(r slog.Record) map[string]string {
	all := map[string]string{"SYSLOG_IDENTIFIER": Identifier}
	enter := func(list []field) {
		for _, f := range list {
			all[f.name] = f.value
		}
	}
	enter(h.fields)
	if !h.nested {
		r.Attrs(func(a slog.Attr) bool {
			enter(fieldsIn([]slog.Attr{a}))
			return true
		})
	}
	return all
}

// fieldsIn returns the fields among attributes. A group without a name is as its attributes. An attribute without a
// value is none: a container that is off has no unit.
func fieldsIn(attrs []slog.Attr) (list []field) {
	for _, a := range attrs {
		value := a.Value.Resolve()
		if value.Kind() == slog.KindGroup && a.Key == "" {
			list = append(list, fieldsIn(value.Group())...)
			continue
		}
		if name, known := names[a.Key]; known && value.String() != "" {
			list = append(list, field{name, value.String()})
		}
		if err, is := value.Any().(error); is {
			if errno, known := errors.AsType[syscall.Errno](err); known {
				list = append(list, field{"ERRNO", strconv.Itoa(int(errno))})
			}
		}
	}
	return list
}

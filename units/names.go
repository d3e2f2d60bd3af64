package units

import (
	"encoding/hex"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/godbus/dbus/v5"
)

const unitsPath = "/org/freedesktop/systemd1/unit/"

// ScopeName is the unit of a machine, as machined itself would call it.
func ScopeName(machine string) string {
	return "machine-" + escape(machine) + ".scope"
}

// HelperName is the unit of a process that serves a machine: berth-image-web-4242.scope.
func HelperName(what, machine string, pid uint32) string {
	return "berth-" + what + "-" + escape(machine) + "-" + strconv.FormatUint(uint64(pid), 10) + ".scope"
}

// SliceName is the slice of a partition: "/machine/a-b" is machine-a\x2db.slice. An empty one is the
// default, /machine.
func SliceName(partition string) string {
	name := strings.Trim(path.Clean("/"+partition), "/")
	if name == "" {
		return "machine.slice"
	}
	return escape(name) + ".slice"
}

// escape does what systemd-escape(1) does. A slash becomes a dash, and a dash is escaped.
func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c == '/':
			b.WriteByte('-')
		case c == ':', c == '_', c == '.' && i > 0, isAlphanumeric(c):
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, `\x%02x`, c)
		}
	}
	return b.String()
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}

// unitOf reads a unit's name from its object path: bytes other than letters and digits are _hh
// (sd_bus_path_encode(3)).
func unitOf(object dbus.ObjectPath) (unit string, ok bool) {
	label, ok := strings.CutPrefix(string(object), unitsPath)
	if !ok {
		return "", false
	}
	// Cut at the underscores: but for the first, each part begins with the byte that it stands for.
	parts := strings.Split(label, "_")
	unit = parts[0]
	for _, part := range parts[1:] {
		if len(part) < 2 {
			return "", false
		}
		raw, err := hex.DecodeString(part[:2])
		if err != nil {
			return "", false
		}
		unit += string(raw) + part[2:]
	}
	return unit, true
}

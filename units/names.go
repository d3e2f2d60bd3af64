package units

import (
	"fmt"
	"path"
	"strconv"
	"strings"
)

// ScopeName returns the name of a machine's unit. It is the name that machined itself would give.
func ScopeName(machine string) string {
	return "machine-" + escape(machine) + ".scope"
}

// HelperName returns the name of the unit of a process that serves a machine, such as
// berth-image-web-4242.scope.
func HelperName(what, machine string, pid uint32) string {
	return "berth-" + what + "-" + escape(machine) + "-" + strconv.FormatUint(uint64(pid), 10) + ".scope"
}

// SliceName returns the name of a partition's slice: machine-a\x2db.slice for "/machine/a-b". An empty
// partition is the default, /machine.
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

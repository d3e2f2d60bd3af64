// Package unitname makes names of systemd's units. It is pure.
package unitname

import (
	"fmt"
	"path"
	"strconv"
	"strings"
)

// Scope returns the name of a machine's unit. It is the name that machined itself would give.
func Scope(machine string) string { return "machine-" + Escape(machine) + ".scope" }

// Slice returns the name of a partition's slice: machine-a\x2db.slice for "/machine/a-b". An empty
// partition is the default, /machine.
func Slice(partition string) string {
	name := strings.Trim(path.Clean("/"+partition), "/")
	if name == "" {
		return "machine.slice"
	}
	return Escape(name) + ".slice"
}

// Escape does what systemd-escape(1) does. A slash becomes a dash, and a dash is escaped.
func Escape(s string) string {
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

// Unescape reads what Escape writes, but for slashes: a dash stays one. What is no escape stays, too.
func Unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && s[i+1] == 'x' {
			if n, err := strconv.ParseUint(s[i+2:i+4], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

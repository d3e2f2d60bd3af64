// Package mountinfo reads the mounts of a process (/proc/PID/mountinfo, proc(5)). The kernel asks no file system for
// them, so that one which does not answer is in the list like the others.
package mountinfo

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
)

// Mount is a mount that the process can reach from its root directory.
type Mount struct {
	ID, Parent uint64
	Device     string // of the file system, MAJOR:MINOR: the same in all namespaces
	Root       string // the path in the file system of what is mounted
	Point      string // the path, from the root directory of the process
	Type       string // of the file system
	Options    string // of the file system, for all its mounts
}

var errLine = errors.New("not a line of mountinfo")

// Parse reads the text of a mountinfo file.
func Parse(text []byte) (list []Mount, err error) {
	for line := range bytes.Lines(text) {
		m, err := parse(string(bytes.TrimSuffix(line, []byte("\n"))))
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, nil
}

func parse(line string) (m Mount, err error) {
	const fixed = 6 // fields; optional ones, a hyphen and three more follow
	before, after, found := strings.Cut(line, " - ")
	fields := strings.Split(before, " ")
	if !found || len(fields) < fixed {
		return m, errLine
	}
	if m.ID, err = strconv.ParseUint(fields[0], 10, 64); err != nil {
		return m, errLine
	}
	if m.Parent, err = strconv.ParseUint(fields[1], 10, 64); err != nil {
		return m, errLine
	}
	m.Device, m.Root, m.Point = fields[2], plain(fields[3]), plain(fields[4])
	rest := strings.Split(after, " ")
	if len(rest) < 3 {
		return m, errLine
	}
	m.Type, m.Options = rest[0], plain(rest[2])
	return m, nil
}

// plain takes the escapes away by which the kernel writes blanks, line breaks and backslashes: three octal digits.
func plain(field string) string {
	if !strings.Contains(field, `\`) {
		return field
	}
	var out strings.Builder
	for len(field) > 0 {
		if len(field) > 3 && field[0] == '\\' {
			if c, err := strconv.ParseUint(field[1:4], 8, 8); err == nil {
				out.WriteByte(byte(c))
				field = field[4:]
				continue
			}
		}
		out.WriteByte(field[0])
		field = field[1:]
	}
	return out.String()
}

// Over returns the mount that is at a path or the nearest above it, by the names of the path alone. Of several at one
// place it is the last, which hides the others.
func Over(list []Mount, path string) (over Mount, found bool) {
	for _, m := range list {
		if Within(path, m.Point) && (!found || len(m.Point) >= len(over.Point)) {
			over, found = m, true
		}
	}
	return over, found
}

// Within reports whether a clean path is the same as another one, or below it.
func Within(path, top string) bool {
	rest, found := strings.CutPrefix(path, strings.TrimSuffix(top, "/"))
	return found && (rest == "" || rest[0] == '/')
}

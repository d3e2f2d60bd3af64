package nspawnconf

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/berthd/berth/internal/native"
)

// The limits of a file. Published ones have less than 100 lines.
const (
	maxBytes = 64 << 10
	maxLines = 2000
)

// setting is one assignment.
type setting struct {
	file    string
	line    int // where it begins, from 1
	section string
	key     string
	value   string // in one line, without the blanks around it
}

// lines reads a text as systemd.syntax(7) has it. stray is told of each line that systemd passes over. go-systemd's
// parser is not used here: it knows no line numbers, and gives up at the first line that is no assignment.
func lines(file, text string, stray func(line int, text string)) (list []setting, fault *native.Error) {
	if len(text) > maxBytes {
		return nil, &native.Error{File: file, Text: fmt.Sprintf("it has more than %d bytes", maxBytes)}
	}
	if strings.Count(text, "\n") > maxLines {
		return nil, &native.Error{File: file, Text: fmt.Sprintf("it has more than %d lines", maxLines)}
	}
	section, open, first := "", "", 0 // open is the beginning of an assignment that goes on, from line first
	n := 0
	for raw := range strings.Lines(strings.TrimPrefix(text, "\uFEFF")) {
		n++
		switch {
		case !utf8.ValidString(raw):
			return nil, &native.Error{File: file, Line: n, Text: "the line is not UTF-8"}
		case strings.ContainsFunc(strings.TrimRight(raw, "\r\n"), func(c rune) bool { return unicode.IsControl(c) && c != '\t' }):
			return nil, &native.Error{File: file, Line: n, Text: "the line has control characters"}
		}
		line := strings.TrimSpace(raw)
		if line != "" && (line[0] == '#' || line[0] == ';') || line == "" && first == 0 {
			continue // also between the lines of one assignment
		}
		if first == 0 {
			first = n
		}
		if part, more := strings.CutSuffix(line, `\`); more && strings.HasSuffix(strings.TrimRight(raw, "\r\n"), `\`) {
			open += part + " "
			continue
		}
		s, whole := assignment(open + line)
		s.file, s.line = file, first
		switch {
		case whole != "":
			section = whole
		case s.key == "":
			stray(first, "the line is no assignment, and systemd passes over it, too")
		case section == "":
			stray(first, "the line is before the first section, and systemd passes over it, too")
		default:
			s.section = section
			list = append(list, s)
		}
		open, first = "", 0
	}
	if first != 0 {
		stray(first, "the line ends with a backslash, and nothing follows")
	}
	return list, nil
}

// assignment reads one line: it returns a setting, or the name of a section.
func assignment(line string) (s setting, section string) {
	if name, ok := strings.CutPrefix(line, "["); ok {
		if name, ok = strings.CutSuffix(name, "]"); ok {
			return setting{}, name
		}
	}
	key, value, ok := strings.Cut(line, "=")
	if !ok {
		return setting{}, ""
	}
	return setting{key: strings.TrimSpace(key), value: strings.TrimSpace(value)}, ""
}

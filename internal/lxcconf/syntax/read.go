package syntax

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/berthd/berth/internal/native"
	"github.com/berthd/berth/internal/pattern"
)

// The limits of a configuration with all that it includes. The longest published ones have 200 lines.
const (
	MaxBytes = 1 << 20
	maxLines = 2000
	maxDepth = 16
)

var keyForm = pattern.Of(`^[A-Za-z][A-Za-z0-9_.-]*$`)

// reading is a configuration that is being read.
type reading struct {
	read         Reader
	bytes, lines int
	depth        int
	config       Config
}

// Read reads a configuration and, by read, the files that it names. Name is that of its file in errors. With a nil read
// no file is read. It returns an *native.Error if a line is malformed, or if the input is above the limits.
func Read(name, text string, read Reader) (*Config, error) {
	if read == nil {
		read = func(string) ([]Source, error) { return nil, fmt.Errorf("no other file is read") }
	}
	r := &reading{read: read}
	if err := r.file(Source{name, text}, r.line); err != nil {
		return nil, err
	}
	return &r.config, nil
}

// file reads one file, and has each line with content.
func (r *reading) file(s Source, each func(Entry) *native.Error) *native.Error {
	whole := Entry{File: s.Name}
	if r.bytes += len(s.Text); r.bytes > MaxBytes {
		return whole.Error(fmt.Sprintf("the configuration has more than %d bytes, with what it includes", MaxBytes))
	}
	if r.lines += strings.Count(s.Text, "\n"); r.lines > maxLines {
		return whole.Error(fmt.Sprintf("the configuration has more than %d lines, with what it includes", maxLines))
	}
	n := 0
	for line := range strings.Lines(s.Text) {
		n++
		e := Entry{File: s.Name, Line: n, Value: strings.TrimSpace(line)}
		switch {
		case !utf8.ValidString(line):
			return e.Error("the line is not UTF-8")
		case strings.ContainsFunc(strings.TrimRight(line, "\r\n"), func(c rune) bool { return unicode.IsControl(c) && c != '\t' }):
			return e.Error("the line has control characters")
		case e.Value == "" || e.Value[0] == '#':
			continue
		}
		if err := each(e); err != nil {
			return err
		}
	}
	return nil
}

// line reads one line of a configuration. All of it is in e.Value.
func (r *reading) line(e Entry) *native.Error {
	key, value, assigned := strings.Cut(e.Value, "=")
	e.Key, e.Value = strings.TrimSpace(key), unquoted(strings.TrimSpace(value))
	switch {
	case !assigned:
		e.Key = firstWord(e.Key)
		return e.Error("expecting an assignment: a line is KEY = VALUE")
	case !keyForm().MatchString(e.Key):
		e.Key = firstWord(e.Key)
		return e.Error("expecting a key: a letter, then letters, digits, '_', '.' and '-'")
	}
	switch e.Key {
	case "lxc.include":
		return r.include(e, r.line)
	case "lxc.mount", "lxc.mount.fstab":
		return r.include(e, r.fstabLine)
	}
	r.config.Entries = append(r.config.Entries, e)
	return nil
}

func (r *reading) fstabLine(e Entry) *native.Error {
	e.Key = "lxc.mount.entry"
	r.config.Entries = append(r.config.Entries, e)
	return nil
}

// include reads the files that a line names.
func (r *reading) include(e Entry, each func(Entry) *native.Error) *native.Error {
	if e.Value == "" { // LXC takes an empty value as none
		return nil
	}
	if r.depth == maxDepth {
		return e.Error(fmt.Sprintf("files include each other more than %d deep", maxDepth))
	}
	list, err := r.read(e.Value)
	if err != nil {
		r.config.Unread = append(r.config.Unread, Unread{e, err})
		return nil
	}
	r.depth++
	defer func() { r.depth-- }()
	for _, s := range list {
		if err := r.file(s, each); err != nil {
			return err
		}
	}
	return nil
}

// unquoted returns a value without the quotes around it: one of either kind, or three.
func unquoted(v string) string {
	for _, quote := range []string{`"""`, `"`, `'`} {
		if len(v) >= 2*len(quote) && strings.HasPrefix(v, quote) && strings.HasSuffix(v, quote) {
			return v[len(quote) : len(v)-len(quote)]
		}
	}
	return v
}

func firstWord(s string) string {
	words := strings.Fields(s)
	if len(words) == 0 {
		return ""
	}
	if len(words[0]) > 60 {
		return strings.ToValidUTF8(words[0][:60], "") + "…"
	}
	return words[0]
}

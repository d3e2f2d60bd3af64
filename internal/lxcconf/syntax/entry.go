// Package syntax reads the lines of LXC's configuration, lxc.container.conf(5), and of the files that they include.
//
// It owns the form of a line and the limits of the input. It knows the meaning of no key, except of those that name
// another file: lxc.include, lxc.mount.fstab and, in the old spelling, lxc.mount. It is pure: the caller passes the
// function that reads files.
package syntax

import (
	"strconv"
	"strings"
)

// Entry is one line with a key. A line of an fstab is an Entry with the key lxc.mount.entry.
type Entry struct {
	File  string // as the caller or the line that includes it names it
	Line  int    // from 1
	Key   string
	Value string // without the blanks and quotes around it
}

// Error returns an error about the line.
func (e Entry) Error(text string) *Error {
	return &Error{File: e.File, Line: e.Line, Key: e.Key, Text: text}
}

// Error is what is wrong with a line, or with a file if Line is 0.
type Error struct {
	File string
	Line int
	Key  string
	Text string
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		b.WriteString(":" + strconv.Itoa(e.Line))
	}
	if e.Key != "" {
		b.WriteString(": " + e.Key)
	}
	b.WriteString(": " + e.Text)
	return b.String()
}

// Source is a file that was read.
type Source struct{ Name, Text string }

// Reader reads a file that a line names. For a directory it returns the files in it whose names end in .conf, in
// the order of their names.
type Reader func(path string) ([]Source, error)

// Unread is a line that names a file which could not be read.
type Unread struct {
	Entry

	Why error
}

// Config is a configuration with all that it includes.
type Config struct {
	Entries []Entry
	Unread  []Unread
}

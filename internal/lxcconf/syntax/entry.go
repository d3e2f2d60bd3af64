// Package syntax reads the lines of LXC's configuration, lxc.container.conf(5), and of the files that they include.
//
// It owns the form of a line and the limits of the input. It knows the meaning of no key, except of those that name
// another file: lxc.include, lxc.mount.fstab and, in the old spelling, lxc.mount. It is pure: the caller passes the
// function that reads files.
package syntax

import (
	"github.com/berthd/berth/internal/native"
)

// Entry is one line with a key. A line of an fstab is an Entry with the key lxc.mount.entry.
type Entry struct {
	File  string // as the caller or the line that includes it names it
	Line  int    // from 1
	Key   string
	Value string // without the blanks and quotes around it
}

// Error returns an error about the line.
func (e Entry) Error(text string) *native.Error {
	return &native.Error{File: e.File, Line: e.Line, Key: e.Key, Text: text}
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

package dbusapi

import (
	"os"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/internal/bus"
)

// The descriptors of a call have one owner at any time: the reader (internal/bus) until the call is admitted,
// then the call, which closes them when its method returned, unless that took them. Those of a reply are the
// call's, then the outbox's, which closes them when the reply is written.

// file is a descriptor that the arguments name. It stays the call's.
func (c *call) file(n dbus.UnixFDIndex) *os.File { return c.header.Files[n] }

// take makes all descriptors of the call the caller's of take.
func (c *call) take() []*os.File {
	files := c.header.Files
	c.header.Files = nil
	return files
}

// closeFiles closes the descriptors that came with the call and were not taken.
func (c *call) closeFiles() { bus.CloseFiles(c.take()) }

// give puts a file into the reply, and returns the value that names it there. The file is closed when the reply
// is written, or was not.
func (c *call) give(f *os.File) dbus.UnixFDIndex {
	c.answers = append(c.answers, f)
	return dbus.UnixFDIndex(len(c.answers) - 1)
}

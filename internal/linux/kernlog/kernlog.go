// Package kernlog reads in the kernel's log which processes the OOM killer has killed. It keeps no state.
//
// kernlog.go reads the log's messages, record.go takes one apart, and oom.go, which is pure, understands those about
// OOM kills.
package kernlog

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"
)

// device gives one message with each read, and writes a line break in it as \x0a. syslog(2) gives lines instead: a
// container can have a line of its own there, by an option of mount(2) with a line break that the kernel quotes in its
// complaint.
const device = "/dev/kmsg"

const (
	longest = 8192    // bytes of a record (PRINTK_MESSAGE_MAX and less)
	most    = 1 << 18 // records that are read, while others are written all the time
)

// Read returns the kernel's own messages of OOM kills, as long as its log has them. It needs CAP_SYSLOG.
func Read() ([]Message, error) {
	fd, err := unix.Open(device, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: device, Err: err}
	}
	defer func() { _ = unix.Close(fd) }()
	return collect(func(buf []byte) (int, error) { return unix.Read(fd, buf) })
}

// collect reads records until there is none.
func collect(read func([]byte) (int, error)) (list []Message, err error) {
	buf := make([]byte, longest)
	for range most {
		n, err := read(buf)
		switch {
		case errors.Is(err, unix.EAGAIN):
			return list, nil
		case errors.Is(err, unix.EPIPE), errors.Is(err, unix.EINTR): // it was overwritten; the next read has the oldest that is there
			continue
		case err != nil:
			return nil, &fs.PathError{Op: "read", Path: device, Err: err}
		}
		if m, ok := parse(string(buf[:n])); ok && m.isOOM() {
			list = append(list, m)
		}
	}
	return list, nil
}

// Package inotify is inotify(7) with Go's poller. It keeps no state.
package inotify

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/hostlimit"
)

// Instance is one instance of inotify.
type Instance struct{ f *os.File }

// Event is what happened to a watched object.
type Event struct {
	Watch int32
	Mask  uint32
	Name  string // in a watched directory, "" for the watched object itself
}

// Open returns an instance without a watch.
func Open() (*Instance, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("inotify: %w", hostlimit.Explain(hostlimit.Instance, err))
	}
	return &Instance{os.NewFile(uintptr(fd), "inotify")}, nil
}

// Add watches a path for the events of mask. It returns fs.ErrNotExist if there is no such path, and a
// hostlimit.Reached if the host allows no more watches.
func (i *Instance) Add(path string, mask uint32) (watch int32, err error) {
	err = i.control(func(fd int) error {
		n, err := unix.InotifyAddWatch(fd, path, mask)
		watch = int32(n)
		return err
	})
	if err != nil {
		return 0, &os.PathError{Op: "watch", Path: path, Err: hostlimit.Explain(hostlimit.Watch, err)}
	}
	return watch, nil
}

// Remove ends a watch. It is no error if the kernel has ended it already.
func (i *Instance) Remove(watch int32) error {
	err := i.control(func(fd int) error {
		_, err := unix.InotifyRmWatch(fd, uint32(watch))
		return err
	})
	if err != nil && !errors.Is(err, unix.EINVAL) {
		return fmt.Errorf("end a watch: %w", err)
	}
	return nil
}

// control calls f with the descriptor. File.Fd would make reads block.
func (i *Instance) control(f func(fd int) error) error {
	raw, err := i.f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = f(int(fd)) })
	return errors.Join(err, failed)
}

// Read calls tell with each event, and returns when the instance is closed.
func (i *Instance) Read(tell func(Event)) {
	buf := make([]byte, 4096) // an event needs 16 bytes and a name of at most 256
	for {
		n, err := i.f.Read(buf)
		if err != nil {
			return
		}
		for _, e := range events(buf[:n]) {
			tell(e)
		}
	}
}

// Close ends all watches. It returns os.ErrClosed if the instance is closed already.
func (i *Instance) Close() error { return i.f.Close() }

// events parses what was read of an instance: events of 16 bytes, each followed by its name, which is filled up with
// NULs.
func events(buf []byte) (list []Event) {
	for len(buf) >= unix.SizeofInotifyEvent {
		size := int(binary.NativeEndian.Uint32(buf[12:]))
		end := unix.SizeofInotifyEvent + size
		if size < 0 || end > len(buf) {
			return list
		}
		name, _, _ := bytes.Cut(buf[unix.SizeofInotifyEvent:end], []byte{0})
		list = append(list, Event{
			Watch: int32(binary.NativeEndian.Uint32(buf)), Mask: binary.NativeEndian.Uint32(buf[4:]), Name: string(name),
		})
		buf = buf[end:]
	}
	return list
}

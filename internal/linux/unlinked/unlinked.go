// Package unlinked tells which files are removed from a directory (inotify(7)).
//
// A Watch has one goroutine, which ends with it. It keeps no state.
package unlinked

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Watch is the watch of one directory.
type Watch struct {
	f    *os.File
	done chan struct{}
}

// New calls removed with the name of each file that is removed from a directory, or moved out of it, from now on.
// It returns fs.ErrNotExist if there is no such directory. If the directory itself is removed, or more happens than the
// kernel remembers, some removals are not told.
func New(dir string, removed func(name string)) (*Watch, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("inotify: %w", err)
	}
	if _, err := unix.InotifyAddWatch(fd, dir, unix.IN_DELETE|unix.IN_MOVED_FROM|unix.IN_ONLYDIR); err != nil {
		_ = unix.Close(fd)
		return nil, &os.PathError{Op: "watch", Path: dir, Err: err}
	}
	w := &Watch{f: os.NewFile(uintptr(fd), "inotify"), done: make(chan struct{})}
	go w.read(removed)
	return w, nil
}

// Close ends the watch. No call of removed goes on when it returns.
func (w *Watch) Close() error {
	err := w.f.Close()
	<-w.done
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

func (w *Watch) read(removed func(name string)) {
	defer close(w.done)
	buf := make([]byte, 4096) // an event needs 16 bytes and a name of at most 256
	for {
		n, err := w.f.Read(buf)
		if err != nil {
			return
		}
		for _, name := range names(buf[:n]) {
			removed(name)
		}
	}
}

// names returns the names in what was read of an inotify descriptor: events of 16 bytes, each followed by its name, which
// is filled up with NULs.
func names(buf []byte) (list []string) {
	for len(buf) >= unix.SizeofInotifyEvent {
		mask, size := binary.NativeEndian.Uint32(buf[4:]), int(binary.NativeEndian.Uint32(buf[12:]))
		end := unix.SizeofInotifyEvent + size
		if size < 0 || end > len(buf) {
			return list
		}
		if mask&(unix.IN_DELETE|unix.IN_MOVED_FROM) != 0 {
			name, _, _ := bytes.Cut(buf[unix.SizeofInotifyEvent:end], []byte{0})
			list = append(list, string(name))
		}
		buf = buf[end:]
	}
	return list
}

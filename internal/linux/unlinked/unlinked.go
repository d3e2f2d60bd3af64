// Package unlinked tells which files are removed from a directory (inotify(7)).
//
// A Watch has one goroutine, which ends with it. It keeps no state.
package unlinked

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/inotify"
)

// Watch is the watch of one directory.
type Watch struct {
	instance *inotify.Instance
	done     chan struct{}
}

// New calls removed with the name of each file that is removed from a directory, or moved out of it, from now on.
// It returns fs.ErrNotExist if there is no such directory. If the directory itself is removed, or more happens than the
// kernel remembers, some removals are not told.
func New(dir string, removed func(name string)) (*Watch, error) {
	instance, err := inotify.Open()
	if err != nil {
		return nil, err
	}
	const leaves = unix.IN_DELETE | unix.IN_MOVED_FROM
	if _, err := instance.Add(dir, leaves|unix.IN_ONLYDIR); err != nil {
		_ = instance.Close()
		return nil, err
	}
	w := &Watch{instance: instance, done: make(chan struct{})}
	go func() {
		defer close(w.done)
		instance.Read(func(e inotify.Event) {
			if e.Mask&leaves != 0 {
				removed(e.Name)
			}
		})
	}()
	return w, nil
}

// Close ends the watch. No call of removed goes on when it returns.
func (w *Watch) Close() error {
	err := w.instance.Close()
	<-w.done
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

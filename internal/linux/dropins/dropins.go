// Package dropins tells which files of a directory get drop-ins, or other ones: "NAME.d/*.conf" beside NAME, as systemd
// has them (systemd.unit(5), inotify(7)).
//
// A Watch has one goroutine, which ends with it. A file without drop-ins costs one event when it is made, and no watch.
package dropins

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/inotify"
)

const (
	suffix  = ".d"
	written = unix.IN_CLOSE_WRITE | unix.IN_MOVED_TO
)

// Watch is the watch of one directory.
type Watch struct {
	dir      string
	changed  func(name string)
	instance *inotify.Instance
	done     chan struct{}
	names    map[int32]string // by the watch of its drop-ins; for the goroutine
}

// New calls changed with the name of each file that has drop-ins now, and of each that gets some or other ones from now
// on. One change may be told several times. It returns fs.ErrNotExist if there is no such directory.
func New(dir string, changed func(name string)) (*Watch, error) {
	instance, err := inotify.Open()
	if err != nil {
		return nil, err
	}
	if _, err := instance.Add(dir, unix.IN_CREATE|unix.IN_ONLYDIR); err != nil {
		_ = instance.Close()
		return nil, err
	}
	w := &Watch{dir: dir, changed: changed, instance: instance, done: make(chan struct{}), names: map[int32]string{}}
	go func() {
		defer close(w.done)
		w.scan()
		instance.Read(w.heard)
	}()
	return w, nil
}

// scan tells of all that is there.
func (w *Watch) scan() {
	list, _ := os.ReadDir(w.dir) // what cannot be read is told when it is made
	for _, e := range list {
		if e.IsDir() {
			w.add(e.Name())
		}
	}
}

// add watches a directory of drop-ins, and tells of it: some may be there already.
func (w *Watch) add(name string) {
	file, ok := strings.CutSuffix(name, suffix)
	if !ok {
		return
	}
	if watch, err := w.instance.Add(filepath.Join(w.dir, name), written|unix.IN_ONLYDIR); err == nil {
		w.names[watch] = file
	}
	w.changed(file)
}

func (w *Watch) heard(e inotify.Event) {
	file, known := w.names[e.Watch]
	switch {
	case e.Mask&unix.IN_Q_OVERFLOW != 0:
		w.scan()
	case e.Mask&unix.IN_IGNORED != 0: // the directory is gone
		delete(w.names, e.Watch)
	case known && e.Mask&written != 0 && strings.HasSuffix(e.Name, ".conf"):
		w.changed(file)
	case !known && e.Mask&unix.IN_ISDIR != 0:
		w.add(e.Name)
	}
}

// Close ends the watch. No call of changed goes on when it returns.
func (w *Watch) Close() error {
	err := w.instance.Close()
	<-w.done
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

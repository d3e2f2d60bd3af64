// Package modified tells when files are next modified, and when they are made (inotify(7)).
//
// All files have one instance of inotify and one goroutine. A file costs nothing more after its first modification,
// however often it is modified. A directory in which a file was awaited is watched as long as it exists.
package modified

import (
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/inotify"
)

// Files watches files. The zero value watches none, and can be used.
type Files struct {
	mu       sync.Mutex
	instance *inotify.Instance // nil before the first file is watched
	done     chan struct{}
	waiting  map[int32]chan struct{}            // by watch
	awaited  map[int32]map[string]chan struct{} // by watch of the directory, and name
}

// Next returns a channel that is closed when a file is next modified or removed. It may be closed without that if much
// happens at once. cancel gives that up; it does nothing afterwards. Next returns fs.ErrNotExist if there is no such
// file. No two callers may wait for the same file.
func (f *Files) Next(file string) (modified <-chan struct{}, cancel func(), err error) {
	f.mu.Lock() // inotify_add_watch(2) does not block; the event may come before it returns
	defer f.mu.Unlock()
	if err := f.open(file); err != nil {
		return nil, nil, err
	}
	watch, err := f.instance.Add(file, unix.IN_MODIFY|unix.IN_ONESHOT)
	if err != nil {
		return nil, nil, err
	}
	c := make(chan struct{})
	f.waiting[watch] = c
	return c, func() { f.forget(watch, c) }, nil
}

// NextIn returns a channel that is closed when a file or directory of a name is next made in a directory. cancel gives
// that up; it does nothing afterwards. NextIn returns fs.ErrNotExist if there is no such directory. If the directory is
// removed, the channel is never closed. No two callers may wait for the same name.
func (f *Files) NextIn(dir, name string) (made <-chan struct{}, cancel func(), err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.open(dir); err != nil {
		return nil, nil, err
	}
	watch, err := f.instance.Add(dir, unix.IN_CREATE|unix.IN_ONLYDIR)
	if err != nil {
		return nil, nil, err
	}
	if f.awaited[watch] == nil {
		f.awaited[watch] = map[string]chan struct{}{}
	}
	c := make(chan struct{})
	f.awaited[watch][name] = c
	return c, func() { f.forgetIn(watch, name, c) }, nil
}

// open opens the instance for the first file that exists: a host may have no such files. The caller holds mu.
func (f *Files) open(file string) error {
	if f.instance != nil {
		return nil
	}
	if _, err := os.Lstat(file); err != nil {
		return err
	}
	instance, err := inotify.Open()
	if err != nil {
		return err
	}
	f.instance, f.done = instance, make(chan struct{})
	f.waiting, f.awaited = map[int32]chan struct{}{}, map[int32]map[string]chan struct{}{}
	go func() {
		defer close(f.done)
		instance.Read(f.heard)
	}()
	return nil
}

// heard closes the channel of a watch. The kernel ends the watch of a file with its first event, and uses no number
// again soon. If it has lost events, the channels of all files are closed: otherwise nobody would set the ended watches
// again.
func (f *Files) heard(e inotify.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if e.Mask&unix.IN_Q_OVERFLOW != 0 {
		for _, c := range f.waiting {
			close(c)
		}
		clear(f.waiting)
		return
	}
	if c := f.waiting[e.Watch]; c != nil {
		delete(f.waiting, e.Watch)
		close(c)
	}
	if c := f.awaited[e.Watch][e.Name]; c != nil {
		delete(f.awaited[e.Watch], e.Name)
		close(c)
	}
	if e.Mask&unix.IN_IGNORED != 0 { // the directory is gone
		delete(f.awaited, e.Watch)
	}
}

func (f *Files) forgetIn(watch int32, name string, c chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.awaited[watch][name] == c {
		delete(f.awaited[watch], name)
	}
}

func (f *Files) forget(watch int32, c chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.waiting[watch] == c {
		delete(f.waiting, watch)
		_ = f.instance.Remove(watch)
	}
}

// Close ends all watches. No channel is closed afterwards.
func (f *Files) Close() error {
	f.mu.Lock()
	instance, done := f.instance, f.done
	f.mu.Unlock()
	if instance == nil {
		return nil
	}
	err := instance.Close()
	<-done
	return err
}

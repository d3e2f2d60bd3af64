// Package modified tells when files are next modified (inotify(7)).
//
// All files have one instance of inotify and one goroutine. A file costs nothing more after its first modification,
// however often it is modified.
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
	waiting  map[int32]chan struct{} // by watch
}

// Next returns a channel that is closed when a file is next modified. cancel gives that up; it does nothing
// afterwards. Next returns fs.ErrNotExist if there is no such file. If the file is removed, the channel is closed. No
// two callers may wait for the same file.
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
	f.instance, f.done, f.waiting = instance, make(chan struct{}), map[int32]chan struct{}{}
	go func() {
		defer close(f.done)
		instance.Read(f.heard)
	}()
	return nil
}

// heard closes the channel of a watch. The kernel ends a watch with its first event, and uses no number again soon.
func (f *Files) heard(e inotify.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c := f.waiting[e.Watch]; c != nil {
		delete(f.waiting, e.Watch)
		close(c)
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

package units

import (
	"errors"
	"io"
	"testing"
	"time"
)

// closed counts the calls of Close.
type closed int

func (c *closed) Close() error {
	*c++
	return nil
}

// TestWatchFiles: the files of units are watched from the first start on at which that is possible, once, and until the
// connection is gone.
func TestWatchFiles(t *testing.T) {
	t.Parallel()
	c := &Client{lost: make(chan struct{}), waiters: map[string][]*waiter{}, started: map[string]*started{}}
	c.watchFiles() // nobody has said how
	var calls int
	var ends closed
	missing := errors.New("no directory")
	err := missing
	c.WatchFiles(func(dir string, _ func(string)) (io.Closer, error) {
		if calls++; dir != "/run/systemd/transient" {
			t.Errorf("%s is watched", dir)
		}
		return &ends, err
	})
	c.watchFiles()
	err = nil
	c.watchFiles()
	c.watchFiles()
	if calls != 2 || ends != 0 {
		t.Errorf("watched %d times, ended %d times", calls, ends)
	}
	c.lose()
	c.watchFiles()
	if calls != 2 || ends != 1 {
		t.Errorf("after the end: watched %d times, ended %d times", calls, ends)
	}
}

// TestFileOfAStranger: the removed file of a unit that we did not start is not remembered.
func TestFileOfAStranger(t *testing.T) {
	t.Parallel()
	c := &Client{waiters: map[string][]*waiter{}, started: map[string]*started{"a.scope": {at: time.Now().Add(-settled)}}}
	c.fileRemoved("b.scope")
	if len(c.started) != 1 || c.started["a.scope"].unloading {
		t.Errorf("%+v", c.started)
	}
}

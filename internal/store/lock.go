package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// lockFile is what a daemon holds as long as it lives.
const lockFile = "lock"

// Lock makes the caller the only daemon that works with the state in dir, until the file that it
// gives is closed or the process ends. An error when there is another: two would take the containers
// from each other.
func Lock(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	// A record lock (fcntl(2)): unlike one of flock(2) a forked child never has it.
	err = unix.FcntlFlock(f.Fd(), unix.F_SETLK, &unix.Flock_t{Type: unix.F_WRLCK})
	if err == nil {
		return f, nil
	}
	_ = f.Close()
	if errors.Is(err, unix.EACCES) || errors.Is(err, unix.EAGAIN) {
		return nil, fmt.Errorf("another berthd is at work: it holds %s", f.Name())
	}
	return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
}

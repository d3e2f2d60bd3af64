package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// lockFile is the file that a daemon keeps locked as long as it lives.
const lockFile = "lock"

// Lock makes the caller the only daemon that uses the state in dir. The lock lasts until the returned file
// is closed or the process ends. It returns an error if another daemon has the lock: two daemons would take
// the containers from each other.
func Lock(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	// A record lock of fcntl(2): unlike a lock of flock(2), a forked child does not inherit it.
	err = unix.FcntlFlock(f.Fd(), unix.F_SETLK, &unix.Flock_t{Type: unix.F_WRLCK})
	if err == nil {
		return f, nil
	}
	_ = f.Close()
	if errors.Is(err, unix.EACCES) || errors.Is(err, unix.EAGAIN) {
		return nil, fmt.Errorf("another berthd is running: it has locked %s", f.Name())
	}
	return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
}

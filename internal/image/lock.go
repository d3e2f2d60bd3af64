package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// errImageInUse says that another container uses an image. Two devices that write to one file system would
// destroy it.
var errImageInUse = errors.New("it is in use by a container, and an image that is written to can be in one place only")

// The kernel releases a device a moment after its container has ended. A start waits that long.
const (
	lockLimit = 2 * time.Second
	lockRetry = 5 * time.Millisecond // a waiting flock(2) cannot be cancelled by a context
)

// locks remembers for which container's file system each image was last attached for writing. The zero value
// is ready.
type locks struct {
	mu   sync.Mutex
	last map[inode]string
}

type inode struct{ dev, ino uint64 }

// take locks an image, exclusively for writing, shared for reading. The lock belongs to the open file, and
// the loop device keeps that open. So the lock lasts as long as the device, also if this daemon ends. It
// returns errImageInUse if another container holds the lock. If the lock is left over from the previous run
// of the same container, its device is still flushing: take waits for it until ctx ends.
func (r *locks) take(ctx context.Context, image *os.File, readOnly bool, place string) error {
	id, err := inodeOf(image)
	if err != nil {
		return err
	}
	r.mu.Lock()
	ours := r.last[id] == place
	r.mu.Unlock()
	if err := lock(ctx, image, readOnly, ours); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if readOnly { // the next lock may belong to any reader
		delete(r.last, id)
		return nil
	}
	if r.last == nil {
		r.last = map[inode]string{}
	}
	r.last[id] = place
	return nil
}

// lock locks an open file. It waits until ctx ends if ours is true. Otherwise it returns errImageInUse after
// lockLimit.
func lock(ctx context.Context, image *os.File, readOnly, ours bool) error {
	how := unix.LOCK_EX
	if readOnly {
		how = unix.LOCK_SH
	}
	tick := time.NewTicker(lockRetry)
	defer tick.Stop()
	for end := time.Now().Add(lockLimit); ; {
		err := unix.Flock(int(image.Fd()), how|unix.LOCK_NB)
		runtime.KeepAlive(image)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR):
			return fmt.Errorf("lock: %w", err)
		case !ours && time.Now().After(end):
			return errImageInUse
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func inodeOf(f *os.File) (inode, error) {
	var st unix.Stat_t
	err := unix.Fstat(int(f.Fd()), &st)
	runtime.KeepAlive(f)
	return inode{st.Dev, st.Ino}, err
}

package launch

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

// errShown: a file system that is written to through two devices at once is destroyed.
var errShown = errors.New("it is in use by a container, and an image that is written to can be in one place only")

// The kernel lets a device go a moment after its container has ended, so a start waits that long.
const (
	reserveFor   = 2 * time.Second
	reserveEvery = 5 * time.Millisecond
)

// reservations remember where each image was last shown to be written to. The zero value is ready.
type reservations struct {
	mu   sync.Mutex
	last map[inode]string
}

type inode struct{ dev, ino uint64 }

// reserve locks an image: alone to write to it, together with other readers to read it. The lock is
// of the open file, which the kernel keeps for the loop device, so it lasts exactly as long as that,
// whatever becomes of this daemon. errShown when it is taken; but what is in the way at the place where
// it was shown last is that life's device, which has all to write down yet: that is waited for as long
// as ctx lasts.
func (r *reservations) reserve(ctx context.Context, image *os.File, readOnly bool, place string) error {
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
	if readOnly { // others may, too
		delete(r.last, id)
		return nil
	}
	if r.last == nil {
		r.last = map[inode]string{}
	}
	r.last[id] = place
	return nil
}

// lock takes the lock of an open file. Without patience it is errShown when another has it for long.
func lock(ctx context.Context, image *os.File, readOnly, patience bool) error {
	how := unix.LOCK_EX
	if readOnly {
		how = unix.LOCK_SH
	}
	tick := time.NewTicker(reserveEvery)
	defer tick.Stop()
	for end := time.Now().Add(reserveFor); ; {
		err := unix.Flock(int(image.Fd()), how|unix.LOCK_NB)
		runtime.KeepAlive(image)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR):
			return fmt.Errorf("lock: %w", err)
		case !patience && time.Now().After(end):
			return errShown
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

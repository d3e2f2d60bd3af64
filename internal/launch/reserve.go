package launch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
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

// reserve locks an image: alone to write to it, together with other readers to read it. The lock is
// of the open file, which the kernel keeps for the loop device, so it lasts exactly as long as that,
// whatever becomes of this daemon. errShown when it is taken.
func reserve(ctx context.Context, image *os.File, readOnly bool) error {
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
		case time.Now().After(end):
			return errShown
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

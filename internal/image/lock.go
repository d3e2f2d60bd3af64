package image

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/loop"
)

// errImageInUse says that an image is in use. Two devices that write to one file system would
// destroy it.
var errImageInUse = errors.New("it is in use by a container or a loop device, and an image that is written to can be in one place only")

// The kernel releases a device a moment after its container has ended. A start waits that long.
const (
	lockLimit = 2 * time.Second
	lockRetry = 5 * time.Millisecond // neither a lock nor a device can be waited for with a context
)

// locks finds out who uses an image. No lock is on the image itself: everybody who may read a file can lock it, and
// so could keep a container from starting.
//
//   - A loop device is asked which file it shows. That lasts as long as its last mount.
//   - A qemu-nbd holds a lock of its own, on a byte of a file that only root may open. That lasts until it ends.
//     A start has this lock as well, while it attaches the image.
type locks struct {
	file  string // with a byte for each image
	loops *loops
	mu    sync.Mutex
	last  map[inode]string // for which container's file system each image was last attached for writing
}

type inode struct{ dev, ino uint64 }

func newLocks(file string) *locks {
	return &locks{file: file, loops: &loops{list: loop.Devices, show: loop.Show}, last: map[inode]string{}}
}

// take returns the lock of an image, exclusive for writing, shared for reading. It lasts until the last copy of the
// returned file is closed. It returns errImageInUse if another container uses the image. If that is the previous run
// of the same container, its device is still flushing: take waits for it until ctx ends.
func (l *locks) take(ctx context.Context, image *os.File, readOnly bool, place string) (held *os.File, err error) {
	id, err := inodeOf(image)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	ours := l.last[id] == place
	l.mu.Unlock()
	tick := time.NewTicker(lockRetry)
	defer tick.Stop()
	for end := time.Now().Add(lockLimit); ; {
		held, err := l.try(ctx, id, readOnly)
		switch {
		case err == nil:
			l.remember(id, readOnly, place)
			return held, nil
		case !errors.Is(err, errImageInUse):
			return nil, fmt.Errorf("lock: %w", err)
		case !ours && time.Now().After(end):
			return nil, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (l *locks) remember(id inode, readOnly bool, place string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if readOnly { // the next use may be any reader's
		delete(l.last, id)
		return
	}
	l.last[id] = place
}

// try is take without waiting.
func (l *locks) try(ctx context.Context, id inode, readOnly bool) (*os.File, error) {
	held, err := os.OpenFile(l.file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	// The lock belongs to the open file, which qemu-nbd inherits (F_OFD_SETLK(2const)).
	want := unix.Flock_t{Type: unix.F_WRLCK, Start: id.byte(), Len: 1}
	if readOnly {
		want.Type = unix.F_RDLCK
	}
	err = unix.FcntlFlock(held.Fd(), unix.F_OFD_SETLK, &want)
	runtime.KeepAlive(held)
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
		err = errImageInUse
	}
	if err == nil {
		err = l.loops.used(ctx, id, readOnly)
	}
	if err != nil {
		_ = held.Close()
		return nil, err
	}
	return held, nil
}

// byte returns the image's byte in the file of the locks.
func (id inode) byte() int64 {
	h := fnv.New64a()
	_ = binary.Write(h, binary.LittleEndian, [2]uint64{id.dev, id.ino}) // a hash returns no error
	return int64(h.Sum64() >> 2)
}

func inodeOf(f *os.File) (inode, error) {
	var st unix.Stat_t
	err := unix.Fstat(int(f.Fd()), &st)
	runtime.KeepAlive(f)
	return inode{st.Dev, st.Ino}, err
}

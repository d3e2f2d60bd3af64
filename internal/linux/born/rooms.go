package born

import (
	"os"
	"sync"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// rooms are the memories of the latest child of Start, for the next one: to make and to give back both costs a tenth of
// what an exec takes. No child has them until it is created (apart).
//
//nolint:gochecknoglobals // it is the process's memory
var rooms struct {
	sync.Mutex
	shared, own []byte
}

// keptRoom is the largest memory of a list that is kept, in bytes.
const keptRoom = 32 << 10

// sharedPage returns a page of zeroes that the child shares.
func sharedPage() ([]byte, error) {
	rooms.Lock()
	kept := rooms.shared
	rooms.shared = nil
	rooms.Unlock()
	if kept == nil {
		return share(os.Getpagesize())
	}
	atomic.StoreInt32((*int32)(unsafe.Pointer(&kept[0])), 0)
	return kept, nil
}

// ownMemory returns memory of zeroes, of which the child has a copy.
func ownMemory(size int) ([]byte, error) {
	rooms.Lock()
	kept := rooms.own
	rooms.own = nil
	rooms.Unlock()
	if len(kept) == size {
		clear(kept[:size-stackSize]) // only children write to their stacks
		return kept, nil
	}
	if kept != nil {
		_ = unix.Munmap(kept)
	}
	return own(size)
}

// giveBack takes memories that no child uses any more. Either may be nil.
func giveBack(shared, own []byte) {
	rooms.Lock()
	if shared != nil && rooms.shared == nil {
		rooms.shared, shared = shared, nil
	}
	if own != nil && rooms.own == nil && len(own) <= keptRoom {
		rooms.own, own = own, nil
	}
	rooms.Unlock()
	if shared != nil {
		_ = unix.Munmap(shared)
	}
	if own != nil {
		_ = unix.Munmap(own)
	}
}

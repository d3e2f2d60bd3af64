package supervisor

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// letGo has the loop devices of disks disappear with their last descriptors, and closes those of this process. They
// would do so by themselves, but who may write to a loop device may take that from it (LOOP_SET_STATUS64, loop(4)). As
// long as this process has a device open, its number is no other's.
func letGo(disks []*os.File) {
	for _, f := range disks {
		_ = unix.IoctlSetInt(int(f.Fd()), unix.LOOP_CLR_FD, 0) // while others have it open, it only sets LO_FLAGS_AUTOCLEAR
		runtime.KeepAlive(f)
		_ = f.Close()
	}
}

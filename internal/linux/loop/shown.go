package loop

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"
)

// Shown is the file that a loop device shows.
type Shown struct {
	Dev, Ino uint64 // of the file, as fstat(2) returns them
	ReadOnly bool
}

// Devices returns the paths of the loop devices that show something.
func Devices() ([]string, error) {
	dirs, err := filepath.Glob("/sys/block/loop*/loop")
	for i, dir := range dirs {
		dirs[i] = "/dev/" + filepath.Base(filepath.Dir(dir))
	}
	return dirs, err
}

// Show returns the file that a loop device shows. It returns false if the device shows none, or is gone. It does not
// return while the file does not answer.
func Show(device string) (Shown, bool) {
	f, err := os.OpenFile(device, os.O_RDONLY, 0)
	if err != nil {
		return Shown{}, false
	}
	defer func() { _ = f.Close() }()
	var info *unix.LoopInfo64
	for err = error(unix.EINTR); errors.Is(err, unix.EINTR); {
		info, err = unix.IoctlLoopGetStatus64(int(f.Fd()))
	}
	runtime.KeepAlive(f)
	if err != nil { // ENXIO: it shows nothing
		return Shown{}, false
	}
	return Shown{Dev: info.Device, Ino: info.Inode, ReadOnly: info.Flags&unix.LO_FLAGS_READ_ONLY != 0}, true
}

// Package loop shows a file as a block device (loop(4)). It keeps no state: a device is let go by the
// kernel when nobody has it open or mounted any more.
package loop

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// attempts bounds how often a device that was free is taken by somebody else first.
const attempts = 64

// Attach shows a file as a device, and gives that open for reading. The device goes with the last
// descriptor and mount of it (LO_FLAGS_AUTOCLEAR); until then the kernel keeps the file open, so that
// a flock(2) on it lasts as long. It needs LOOP_CONFIGURE, kernel 5.8.
func Attach(file *os.File, readOnly bool) (*os.File, error) {
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = control.Close() }()
	for range attempts {
		n, err := unix.IoctlRetInt(int(control.Fd()), unix.LOOP_CTL_GET_FREE)
		if err != nil {
			return nil, fmt.Errorf("find a free loop device: %w", err)
		}
		device, err := configure("/dev/loop"+strconv.Itoa(n), file, readOnly)
		if !errors.Is(err, unix.EBUSY) {
			return device, err
		}
	}
	return nil, fmt.Errorf("loop devices were taken away %d times: %w", attempts, unix.EBUSY)
}

func configure(path string, file *os.File, readOnly bool) (*os.File, error) {
	flags, mode := uint32(unix.LO_FLAGS_AUTOCLEAR), os.O_RDWR
	if readOnly {
		flags, mode = flags|unix.LO_FLAGS_READ_ONLY, os.O_RDONLY
	}
	device, err := os.OpenFile(path, mode, 0)
	if err != nil {
		return nil, err
	}
	config := unix.LoopConfig{Fd: uint32(file.Fd()), Info: unix.LoopInfo64{Flags: flags}}
	copy(config.Info.File_name[:len(config.Info.File_name)-1], file.Name())
	err = unix.IoctlLoopConfigure(int(device.Fd()), &config)
	runtime.KeepAlive(file)
	if err != nil {
		_ = device.Close()
		return nil, fmt.Errorf("attach %s to %s: %w", file.Name(), path, err)
	}
	if readOnly {
		return device, nil
	}
	// A kernel without CONFIG_BLK_DEV_WRITE_MOUNTED mounts nothing that is open for writing. The
	// second open comes first: without any the device would be let go.
	defer func() { _ = device.Close() }()
	return os.OpenFile(path, os.O_RDONLY, 0)
}

// Package loop attaches files to loop devices (loop(4)). It keeps no state: the kernel detaches a
// device when nobody has it open or mounted any more.
package loop

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/hostlimit"
)

// attempts is how often Attach tries again after somebody else took the free device first.
const attempts = 64

// Attach attaches a file to a free loop device, and returns the device open for reading. The kernel
// detaches the device with its last descriptor and mount (LO_FLAGS_AUTOCLEAR). Until then the kernel
// keeps the file open, and Show returns it. Attach needs LOOP_CONFIGURE (Linux 5.8).
func Attach(file *os.File, readOnly bool) (*os.File, error) {
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENODEV) {
		return nil, fmt.Errorf("%w; it needs the kernel's module 'loop'", err)
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = control.Close() }()
	for range attempts {
		n, err := unix.IoctlRetInt(int(control.Fd()), unix.LOOP_CTL_GET_FREE)
		if err != nil {
			return nil, fmt.Errorf("find a free loop device: %w", hostlimit.Explain(hostlimit.Loop, err))
		}
		device, err := configure("/dev/loop"+strconv.Itoa(n), file, readOnly)
		if !errors.Is(err, unix.EBUSY) {
			return device, err
		}
	}
	return nil, fmt.Errorf("others took the free loop device %d times: %w", attempts, unix.EBUSY)
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
	// A kernel without CONFIG_BLK_DEV_WRITE_MOUNTED does not mount a device that is open for writing.
	// The device is opened again before it is closed: without a descriptor the kernel would detach it.
	defer func() { _ = device.Close() }()
	return os.OpenFile(path, os.O_RDONLY, 0)
}

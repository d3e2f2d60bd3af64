package rig

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// Loops returns the loop devices that show a file of this nest. All nests of the machine share one set of loop
// devices.
func Loops() ([]string, error) {
	shown, err := filepath.Glob("/sys/block/loop*/loop")
	if err != nil {
		return nil, err
	}
	mounts, err := mountinfo()
	if err != nil {
		return nil, err
	}
	var own []string
	for _, dir := range shown {
		device := filepath.Join("/dev", filepath.Base(filepath.Dir(dir)))
		f, err := os.Open(device)
		if errors.Is(err, os.ErrNotExist) {
			continue // somebody else made it after this nest was booted, so the nest has no device node
		}
		if err != nil {
			return nil, err
		}
		info, err := unix.IoctlLoopGetStatus64(int(f.Fd()))
		_ = f.Close()
		if errors.Is(err, unix.ENXIO) {
			continue // it shows no file any more
		}
		if err != nil {
			return nil, fmt.Errorf("status of %s: %w", device, err)
		}
		if shows(info, dir, mounts) {
			own = append(own, device)
		}
	}
	return own, nil
}

// shows reports whether a loop device's file is one of this nest. Every nest mounts the file systems of the
// machine's disk, so on those the file itself must exist here.
func shows(info *unix.LoopInfo64, dir string, mounts []mountPoint) bool {
	device := fmt.Sprintf("%d:%d", unix.Major(info.Device), unix.Minor(info.Device))
	if slices.ContainsFunc(mounts, func(m mountPoint) bool {
		return m.device == device && (m.kind == "tmpfs" || m.kind == "overlay")
	}) {
		return true
	}
	path, err := os.ReadFile(filepath.Join(dir, "backing_file"))
	if err != nil {
		return false
	}
	var stat unix.Stat_t
	err = unix.Stat(string(path[:max(0, len(path)-1)]), &stat)
	return err == nil && stat.Dev == info.Device && stat.Ino == info.Inode
}

// Package caps reduces the capabilities of the calling thread (capabilities(7)). It must be called on
// the thread that will exec. It keeps no state.
package caps

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// DropBounding removes every capability that is not in keep from the bounding set, for good. It
// needs CAP_SETPCAP.
func DropBounding(keep uint64) error {
	for c := range uintptr(64) {
		if keep&(1<<c) != 0 {
			continue
		}
		err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0)
		if errors.Is(err, unix.EINVAL) {
			return nil // the kernel has no more capabilities
		}
		if err != nil {
			return fmt.Errorf("prctl PR_CAPBSET_DROP %d: %w", c, err)
		}
	}
	return nil
}

// Permitted returns the permitted set of the calling thread.
func Permitted() (uint64, error) {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return 0, fmt.Errorf("capget: %w", err)
	}
	return uint64(data[0].Permitted) | uint64(data[1].Permitted)<<32, nil
}

// Set reduces the permitted and effective sets to keep. If inherit is true it makes the inheritable
// set equal to them, and otherwise it empties that. It adds no capability that the thread does not have.
func Set(keep uint64, inherit bool) error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return fmt.Errorf("capget: %w", err)
	}
	set := keep & (uint64(data[0].Permitted) | uint64(data[1].Permitted)<<32)
	for i := range data {
		word := uint32(set >> (32 * i))
		data[i] = unix.CapUserData{Effective: word, Permitted: word}
		if inherit {
			data[i].Inheritable = word
		}
	}
	if err := unix.Capset(&header, &data[0]); err != nil {
		return fmt.Errorf("capset %#x: %w", set, err)
	}
	return nil
}

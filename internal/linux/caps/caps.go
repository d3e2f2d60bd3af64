// Package caps tells the capabilities of the calling thread, and how they are set (capabilities(7)). It keeps no state.
package caps

import (
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// Permitted returns the permitted set of the calling thread.
func Permitted() (uint64, error) {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return 0, fmt.Errorf("capget: %w", err)
	}
	return uint64(data[0].Permitted) | uint64(data[1].Permitted)<<32, nil
}

// Count returns how many capabilities the kernel has. They are numbered from 0 on. It returns 64, the most, if the
// kernel does not say.
func Count() int {
	const most = 64
	for n := range most {
		_, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, uintptr(n), 0, 0, 0)
		if n > 0 && errors.Is(err, unix.EINVAL) {
			return n
		}
		if err != nil {
			break
		}
	}
	return most
}

// Words returns the two arguments of capset(2) that make the effective and permitted sets of the calling thread equal
// to set, and the inheritable one, too, or empty.
func Words(set uint64, inherit bool) (header, data []byte) {
	n := binary.NativeEndian
	header = n.AppendUint32(n.AppendUint32(nil, unix.LINUX_CAPABILITY_VERSION_3), 0)
	for _, word := range []uint32{uint32(set), uint32(set >> 32)} {
		inheritable := uint32(0)
		if inherit {
			inheritable = word
		}
		for _, w := range []uint32{word, word, inheritable} { // in the order of struct __user_cap_data_struct
			data = n.AppendUint32(data, w)
		}
	}
	return header, data
}

// Set makes the effective and permitted sets of the calling thread equal to set. The inheritable one becomes empty.
func Set(set uint64) error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	data := [2]unix.CapUserData{
		{Effective: uint32(set), Permitted: uint32(set)},
		{Effective: uint32(set >> 32), Permitted: uint32(set >> 32)},
	}
	if err := unix.Capset(&header, &data[0]); err != nil {
		return fmt.Errorf("capset: %w", err)
	}
	return nil
}

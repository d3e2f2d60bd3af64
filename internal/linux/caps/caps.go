// Package caps tells the capabilities of the calling thread (capabilities(7)). It keeps no state.
package caps

import (
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

package cgroup

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/mount"
)

// favorDynMods is the option with which a move between control groups does not wait for an RCU grace period
// (cgroup-v2.rst, "Mounting").
const favorDynMods = "favordynmods"

// Errors of FavorDynMods.
var (
	ErrNoDynMods      = errors.New("the kernel has no favordynmods (Linux 6.0)")
	ErrDynModsIgnored = errors.New("the kernel ignores favordynmods from a cgroup namespace other than the host's first")
)

// FavorDynMods gives the host's cgroup2 the option favordynmods, for all its mounts. It keeps the other options. It
// returns false if the option was there. It returns ErrNoDynMods or ErrDynModsIgnored if it cannot be had here.
//
// Nothing here takes the option back. The kernel may have it from its command line or from an administrator, and from
// Linux 6.18 on a part of it stays until the host's restart (cgroup_enable_per_threadgroup_rwsem).
func FavorDynMods() (changed bool, err error) {
	at, options, err := Mounted()
	if err != nil || slices.Contains(options, favorDynMods) {
		return false, err
	}
	err = mount.SetFlags(at, append(options, favorDynMods))
	if e, ok := errors.AsType[*mount.Error](err); ok && strings.HasSuffix(e.Object, " "+favorDynMods) && errors.Is(err, unix.EINVAL) {
		return false, fmt.Errorf("%w: %w", ErrNoDynMods, err)
	}
	if err != nil {
		return false, err
	}
	// The kernel says nothing when it ignores the option.
	_, options, err = Mounted()
	if err == nil && !slices.Contains(options, favorDynMods) {
		err = ErrDynModsIgnored
	}
	return err == nil, err
}

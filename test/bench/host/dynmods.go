package host

import (
	"slices"

	"github.com/berthd/berth/internal/cgroup"
	"github.com/berthd/berth/internal/linux/mount"
)

// Favours reports whether the machine's cgroup2 has the option favordynmods.
func Favours() (bool, error) {
	_, options, err := cgroup.Mounted()
	return slices.Contains(options, "favordynmods"), err
}

// FavorDynMods gives the machine's cgroup2 the option favordynmods. It returns a function that takes it back if it was
// not there. From Linux 6.18 on the kernel takes a part of it back only when the machine is restarted.
func FavorDynMods() (back func() error, err error) {
	at, options, err := cgroup.Mounted()
	if err != nil {
		return nil, err
	}
	changed, err := cgroup.FavorDynMods()
	if err != nil || !changed {
		return func() error { return nil }, err
	}
	return func() error { return mount.SetFlags(at, options) }, nil
}

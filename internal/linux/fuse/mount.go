package fuse

import (
	"os"
	"strconv"

	"github.com/berthd/berth/internal/linux/mount"
)

// Device is the device that opens a connection each time it is opened.
const Device = "/dev/fuse"

// Mount makes the file system of a connection, and does not attach it. All users of this user namespace
// and its descendants may use it (allow_other), and the kernel checks the modes (default_permissions). All files get
// the security label, if it is not empty.
//
// fd must be a bare descriptor. If a poller (such as Go's) registers it before the mount, it never
// wakes up: fuse_dev_poll registers nobody before the mount.
func Mount(fd int, label string) (*os.File, error) {
	options := []mount.Option{
		{Key: "fd", Value: strconv.Itoa(fd)},
		{Key: "rootmode", Value: "40555"},
		{Key: "user_id", Value: "0"},
		{Key: "group_id", Value: "0"},
		{Key: "subtype", Value: "berth"},
		{Key: "allow_other"},
		{Key: "default_permissions"},
	}
	if label != "" {
		options = append(options, mount.Option{Key: "context", Value: label})
	}
	return mount.New("fuse", options, mount.ReadOnly|mount.NoSUID|mount.NoDev|mount.NoExec)
}

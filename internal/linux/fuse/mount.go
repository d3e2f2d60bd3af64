package fuse

import (
	"os"
	"strconv"

	"github.com/berthd/berth/internal/linux/mount"
)

// Device is where connections are opened.
const Device = "/dev/fuse"

// Mount makes the file system of a connection, attached nowhere yet. Others than the one that mounts
// may use it, in this user namespace and those below; the kernel checks modes. What is given is a bare
// descriptor: one that a poller got before the mount never wakes (fuse_dev_poll registers nobody then).
func Mount(fd int) (*os.File, error) {
	return mount.New("fuse", []mount.Option{
		{Key: "fd", Value: strconv.Itoa(fd)},
		{Key: "rootmode", Value: "40555"},
		{Key: "user_id", Value: "0"},
		{Key: "group_id", Value: "0"},
		{Key: "subtype", Value: "berth"},
		{Key: "allow_other"},
		{Key: "default_permissions"},
	}, mount.ReadOnly|mount.NoSUID|mount.NoDev|mount.NoExec)
}

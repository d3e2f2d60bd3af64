// Package image mounts the block devices and image files among a container's file systems. Raw images use
// loop devices, other formats qemu-nbd(8) and the kernel's network block devices.
//
// The mounts are attached nowhere. A device disappears with its last mount, so nothing has to be released
// when a container ends. If this daemon is killed, only a qemu-nbd without a device can be left, and
// StopOrphans ends it. An image that is written to is locked as long as its device exists. One goroutine
// waits for each qemu-nbd.
package image

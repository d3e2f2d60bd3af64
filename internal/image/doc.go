// Package image mounts the block devices and image files among a container's file systems: raw images
// by loop devices, other formats by qemu-nbd(8) and the kernel's network block devices.
//
// The mounts are attached nowhere. A device goes with its last mount, so nothing has to be released when
// a container ends, and nothing is left when this daemon is killed, but for a qemu-nbd whose device had
// not been connected yet: StopOrphans ends it. An image that is written to is locked as long as its
// device lives. One goroutine waits for each qemu-nbd.
package image

// Package nbd connects the socket of an NBD server to one of the kernel's network block devices. It is
// the client of the protocol up to the transmission phase (NetworkBlockDevice/nbd, doc/proto.md). Then
// the kernel takes over, by its netlink family (include/uapi/linux/nbd-netlink.h, Linux 4.12).
//
// It keeps no state. The kernel disconnects a device with its last descriptor and mount, and tells the
// server so. A loop device with LO_FLAGS_AUTOCLEAR works the same way.
package nbd

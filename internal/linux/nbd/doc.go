// Package nbd attaches the socket of an NBD server to a network block device of the kernel: the
// client's part of the protocol up to the transmission phase (NetworkBlockDevice/nbd, doc/proto.md),
// and the kernel's netlink family for the rest (include/uapi/linux/nbd-netlink.h, kernel 4.12).
//
// It keeps no state. A device that was attached is let go by the kernel with its last descriptor and
// mount, which the server is told, as a loop device with LO_FLAGS_AUTOCLEAR is.
package nbd

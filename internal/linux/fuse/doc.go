// Package fuse serves a few read-only files in one directory over the kernel's FUSE protocol
// (include/uapi/linux/fuse.h, version 7.23 or later, Linux 3.15).
//
// The files hold figures, as in procfs. A function of the caller makes a file's text when the file is
// opened, and again when a reader starts at its beginning again. A reader that goes on gets the rest
// of the text that it began, however many others read. Files that are only open need the memory of one text. The
// memory of all readers and their texts has a bound. Near it readers share texts. At it a reader that
// does not read the whole text at once gets ENOMEM. One goroutine serves one connection with one small
// buffer.
//
// The connection ends when the last descriptor of /dev/fuse is closed, and so at the latest when the
// serving process ends. The kernel then fails all waiting and later requests with ENOTCONN
// (fs/fuse/dev.c, fuse_dev_release).
package fuse

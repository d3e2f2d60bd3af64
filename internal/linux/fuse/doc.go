// Package fuse serves a handful of read-only files, all in one directory, over the kernel's FUSE
// protocol (include/uapi/linux/fuse.h; at least 7.23, Linux 3.15).
//
// It is a server of figures, not of data: each file is made by a function of the caller's when it is
// opened, and anew when its reader begins again, as in procfs; a reader who goes on reads on in what
// he began. One goroutine serves one connection with one small buffer, and memory does not grow with the
// number of open files: of what was read, only the latest few are kept.
//
// The connection ends with the last descriptor of /dev/fuse, so with the process that serves it: the
// kernel then fails all that wait, and all that come, with ENOTCONN (fs/fuse/dev.c, fuse_dev_release).
package fuse

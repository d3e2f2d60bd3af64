// Package mount wraps the kernel's file-descriptor mount interface (fsopen(2), open_tree(2),
// mount_setattr(2), move_mount(2); kernel 5.12) and pivot_root(2).
//
// Everything is done by descriptor, so that no path of a container is ever resolved by string.
// It keeps no state and starts no goroutine. A mount that was made but not attached disappears
// with its descriptor.
package mount

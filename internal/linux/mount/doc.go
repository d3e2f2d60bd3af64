// Package mount wraps the kernel's file-descriptor mount interface (fsopen(2), open_tree(2),
// mount_setattr(2), move_mount(2); Linux 5.12) and pivot_root(2).
//
// It takes descriptors of mounts and mount points, so that the kernel never resolves a path inside a
// container. It keeps no state and starts no goroutine. A mount that is not attached disappears when
// its descriptor is closed. A pinned namespace is kept by its mount in the host's tree.
package mount

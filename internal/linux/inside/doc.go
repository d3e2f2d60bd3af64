// Package inside changes the file systems of a running container from the host: it makes and removes nodes of devices
// in the container's /dev, and attaches and detaches mounts.
//
// The container may do what it wants with its own paths meanwhile. All paths are resolved below a descriptor of its
// root (package inroot), and what follows goes by descriptors. A node is only made and removed in a tmpfs that the host
// has not mounted, as the container's /dev is, so that no node can get into a file system of the host. Files belong to
// the container's root.
//
// Each call works on a thread of its own, which ends with it. It can last as long as a file system of the container
// does not answer. The package keeps no state.
package inside

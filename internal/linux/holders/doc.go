// Package holders finds processes of the host that have a directory of it as their root directory, or a mount of it in
// a mount namespace of their own: whichever manager started them, and chroot(2) too.
//
// A process is looked at by one descriptor of its directory in /proc, which is that of no later process with its pid.
// No file system is asked for anything, but for what it takes to open a root directory. What the kernel or a security
// module does not show is passed over, and so is a process that starts or ends meanwhile: the answer is of a moment.
//
// Nearly all processes of a host have its root directory, and services of systemd have it with mount namespaces of
// their own. So of these count only mounts that the host has not at the same place. An overlay counts as a mount of its
// layers, if their paths are those of the host, without symbolic links.
package holders

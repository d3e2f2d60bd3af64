// Package cgroup reads and steers a container's control groups (cgroup v2,
// Documentation/admin-guide/cgroup-v2.rst) by directory descriptor: freeze, kill, figures, and the
// two sub-groups of a scope, "supervisor" and "payload".
//
// Limits are not its business: they are unit properties, and systemd writes them. It starts no
// goroutine.
package cgroup

// Package cgroup controls a container's control groups by directory descriptor (cgroup v2,
// Documentation/admin-guide/cgroup-v2.rst). It freezes and kills them, reads their figures, and makes
// the two sub-groups of a scope, "supervisor" and "payload".
//
// It sets no limits: they are properties of the unit, and systemd writes them. It starts no goroutine.
package cgroup

// Package host is the half of the benchmark that runs on the machine itself. It installs packages,
// boots the nests and talks to the agents in them.
//
// A nest (test/rig/nest) is a throw-away systemd host. The benchmark needs two: in the one for libvirt,
// mounts hide cgroup files that runc and crun need. Everything is below one directory in /run. The names
// in it have the process's id, so that the next benchmark can remove what a killed one left.
package host

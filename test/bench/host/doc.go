// Package host is the half of the benchmark that runs on the machine itself: packages, the nests and
// the agents in them.
//
// A nest (test/rig/nest) is a throw-away systemd host. The benchmark needs two: in the one
// for libvirt, cgroup files are covered that runc and crun insist on. Everything is below one
// directory in /run, named by the process; what a killed benchmark left is removed by the next one.
package host

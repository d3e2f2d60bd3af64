// Command bench compares Berth with the other container managers (peers) of a Linux host. It measures the
// start and stop of one container and of many, the execution of commands in them, the start by a connection
// to a socket, and the memory that each takes. `make bench` runs it, as root and from the top of the
// repository.
//
// It installs the peers' Debian packages that are missing, and boots two nests (test/rig/nest). In each
// it starts itself as an agent, which does the work and takes the times. Then it prints the tables and
// ends the nests. The peers take turns, with one container each, so that other load on the machine
// affects all of them alike.
//
// The peer "floor" does what nobody can do without who starts a container in a scope and registers it, and nothing
// else. Its processes share its memory until they execute (package newborn). Every table has the ratio to it. It is no
// limit of the machine for a start without a scope: runc and crun make none by default, and they register nothing.
//
// Berth with a user namespace for each container is a peer of its own. The difference between the two
// is the cost of the user namespace.
//
// So is Berth with a veth on a bridge for each container (berth-veth), beside lxc and nspawn with the same. The veth of
// berth and lxc is up and has an address when init begins; nspawn leaves both to the container. crun makes no
// interfaces.
//
// So is Berth with cgroup2's option favordynmods (berth-dynmods), which removes the wait of a cold start. The option is
// the whole machine's, and from Linux 6.18 on not all of it can be taken back before a restart. So it is measured last,
// and only with --favordynmods or on a machine that has the option anyway. There everybody is measured with it.
//
// A "warm" start comes right after another start of the same peer. A "cold" one comes after 400 ms in
// which nothing happened. Most managers move a process between cgroups, and that waits for an RCU grace
// period if nobody has moved one shortly before. A start ends with the first instruction of the
// container's init (package tinit), however the manager reports it.
//
// Between the two are starts 12 and 30 ms after a stop, and restarts, which begin with the call of the stop.
//
// Commands are also executed in a container with systemd as init, which systemd-run -M and machinectl shell need. All
// peers of that table execute /bin/true in the same container.
//
// While many containers run, all their figures are read: by one call of Berth, by one look of berthctl top, by berthctl
// domstats, by systemd-cgtop, and from libvirt by two commands for each container, because its driver for containers
// has no domstats.
//
// What clients of libvirt wait for is measured with Berth and libvirtd in one nest: virsh list of 1,000 containers, and
// the call for the figures of one (package virsh). A run that measures both ends with it; --virsh measures nothing
// else.
//
// With --trace the kernel's own tracing (tracefs) shows where a start and a stop are at which time: package timeline
// has the steps. It sees all processes of the nest, whatever program they run, and nothing is built for it.
//
// The tables show a peer that cannot run with the reason. A missed target is printed, and is no failure.
package main

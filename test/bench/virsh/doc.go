// Package virsh measures what clients of libvirt wait for, and what the daemons compute for them: `virsh list --all` of
// many containers, and the call of the library that returns the figures of one (virDomainGetInfo, procedure 16). Berth
// and libvirtd answer the same client in the same nest, one after the other. It runs inside that nest. A third daemon,
// which only repeats Berth's answers from memory, shows how much of a list is virsh's own time.
//
// The calls are made on one open connection each, by a client of a few lines: so the client's own time is small and the
// same for both. What a daemon computes is read from its process's clock (clock_getcpuclockid(3)), which counts all its
// threads in nanoseconds, those that have ended too.
package virsh

// Package vm is what Berth's end-to-end tests need a whole machine for: Debian's own kernel with
// SELinux enforcing, auditd, and all controllers of cgroup v2, in a virtual machine (test/rig/vm).
//
//	make test-vm RUN=TestName     as root
//
// As in test/nest, TestMain runs the test binary inside, as root and as a service of systemd's. An
// emulated processor is slow, a start takes half a second: what a nest can show, test/nest shows.
package vm

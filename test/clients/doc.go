// Package clients is the tests of libvirt's clients with Berth: Debian's packages as they are, on a throw-away host
// whose root test/rig/clients/build makes, where berth-libvirt.socket is enabled.
//
//	make test-clients RUN=TestName     as root
//
// TestMain runs the test binary inside the host. What virsh prints is kept in testdata; with -update, tests write it
// anew. virt-top and a second virsh are those of Debian 13, which is in /srv/debian13. There is no code outside of
// tests.
package clients

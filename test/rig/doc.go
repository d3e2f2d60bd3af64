// Package rig runs a package's tests inside a nest: a throw-away systemd host with Berth installed in it.
// The script nest beside this file makes it.
//
// A test package calls Main from its TestMain. On the machine, Main boots a nest and runs the same
// test binary in it; there, Main runs the tests. `go test -tags nest -run X ./test/nest` needs only root.
// The nest ends with the run, however that ends. Main fails the run if anything of the run is left on the
// machine. The script untouched hides the things that others make there meanwhile.
//
// With Options.VM the host is a virtual machine instead, made by the script in vm, and the tag is vm. It has
// a kernel of its own, with SELinux and all controllers, but its processor may be emulated and slow.
package rig

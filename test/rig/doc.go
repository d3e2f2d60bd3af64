// Package rig runs a package's tests inside a nest: a throw-away systemd host made by the script
// beside this file, with Berth installed in it.
//
// A test package calls Main from its TestMain. On the machine, Main boots a nest and runs the same
// test binary in it; there, Main runs the tests. `go test -tags nest -run X ./test/nest` needs root
// and nothing else. Whatever ends the run, the nest ends with it, and Main fails the run when something
// of it is left on the machine: the script untouched tells that from what others make there meanwhile.
//
// With Options.VM the host is a virtual machine of the folder vm instead, and the tag is vm: a kernel of
// its own, with SELinux and all controllers, at the price of an emulated processor.
package rig

// Package nest is Berth's end-to-end tests: a real systemd, dbus-daemon and machined, with Berth
// installed by `make install`, on a throw-away host (test/rig).
//
//	go test -count=1 -tags nest -run TestName ./test/nest     as root
//
// TestMain runs the test binary inside the host, as root, so a test talks D-Bus and reads /proc, /sys
// and the cgroup tree like any program of that host. All tests share one host: each calls clean
// first, which fails it when something of it is left. What tests need of the host is in the files
// host*_test.go; there is no code outside of tests.
package nest

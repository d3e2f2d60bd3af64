// Package peers starts and stops the same container with each container manager that the benchmark
// compares, inside a nest.
//
// Every peer gets the same root directories (busybox and tinit), the host's network and
// tinit as init, and is otherwise left at its own defaults, its own device, capability
// and registration work included. A peer that is a program is measured from just before
// its process is made; Berth and libvirt are services and are measured from just before the request is
// sent on a connection that is already open.
package peers

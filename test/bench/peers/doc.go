// Package peers starts and stops the same container with each container manager (peer) that the
// benchmark compares. It runs inside a nest.
//
// Every peer gets the same root directories (busybox and tinit), the host's network, and tinit as init.
// All else has the peer's defaults, such as devices, capabilities and registration. The time of a
// program starts just before its process is created. Berth and libvirt are services: their time starts
// just before the request is sent on an open connection.
package peers

// Package remote serves libvirt's remote protocol on unix sockets: virsh, virt-top, the bindings and the other clients
// of libvirt's library work with Berth's containers as they are. Like dbusapi it only translates: it makes the same
// calls of the core, with the same rights.
//
// A connection has one goroutine, which reads. Calls that root makes and that are answered from memory are answered
// there; of the others eight of a connection are at work at most, each in a goroutine, and the next ones wait: the
// reader goes on, answers pings, and sees when the client goes. Who has bytes to send sends them, unless somebody does
// so already, and nobody waits for a client: one whose queue is full, or who takes nothing for 30 s, is dropped. What
// is kept for a client is paid from his user's share (users.go). A panic ends a call or a connection, not the daemon
// (guard.go).
package remote

// Package network makes the interfaces of containers, over rtnetlink (rtnetlink(7)).
//
// A link is made in the container's network namespace at once, with its name and MAC address: to move or rename one
// later, the kernel waits for all processors. It is found by the namespace's descriptor, never by a pid. The host's end
// of a veth has its own MAC address from the beginning, and an alias soon after. These prove whose it is, also if this
// daemon dies in between. All other links disappear with the namespace.
//
// Of its goroutines only those that take the kernel's answers to removals outlive a call, by some milliseconds.
package network

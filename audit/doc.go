// Package audit writes what happens to containers to the audit log of the host's kernel, in the layout of libvirt's
// LXC driver.
//
// encode.go and record.go are pure: they make a record's text, and no value of a container can forge a field there.
// events.go says which records an event of the core has. Trail takes them, and writer.go writes them beside the caller,
// in one goroutine and in order, and tells the journal of each (Options.Mirror). kernel.go is the netlink socket.
//
// A daemon that is killed loses the records that it has not written yet: those of the last milliseconds.
package audit

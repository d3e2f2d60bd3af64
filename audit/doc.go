// Package audit makes records of what happens to containers, for the audit log of the host's kernel, in the layout of libvirt's
// LXC driver. It is pure, and no value of a container can forge a field of a record.
package audit

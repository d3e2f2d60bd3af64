// Package domain is the container definition: libvirt's domain XML for type='lxc', parsed,
// checked and defaulted into one typed value.
//
// It owns the rules of the XML: which elements exist, which are served, their defaults and their
// limits. It is pure: values in, values out; it imports only the standard library's value
// packages and libvirtxml, starts no goroutine and touches no file.
package domain

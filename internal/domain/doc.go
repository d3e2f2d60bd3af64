// Package domain is the container definition. It parses libvirt's domain XML for type='lxc' into
// one typed value, checks it and fills in the defaults.
//
// It owns the rules of the XML: which elements exist, which are supported, their defaults and their
// limits. It is pure: values in, values out. It imports only the standard library's value
// packages and libvirtxml, starts no goroutine and touches no file.
package domain

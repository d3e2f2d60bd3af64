// Package namespace opens namespaces of others by descriptor, and enters them for the birth of a
// process (namespaces(7), setns(2)). It keeps no state.
package namespace

// Package namespace opens the namespaces of other processes, and enters them to create a process in
// them (namespaces(7), setns(2)). It keeps no state.
package namespace

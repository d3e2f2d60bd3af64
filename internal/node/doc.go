// Package node describes the host as libvirt describes a node: its processors, NUMA cells and memory, what they are
// used for, and the capabilities XML of the driver. It reads the texts of proc(5) and of /sys/devices/system, which
// package host brings.
//
// It is pure: texts and values in, values out.
package node

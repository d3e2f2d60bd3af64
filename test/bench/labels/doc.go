// Package labels measures how long it takes to give a tree of files labels: by Berth, by chcon(1) and, where SELinux is
// enabled, by restorecon(8). Each is a process of its own, so that its memory can be told too. The benchmark runs it on
// the machine, a test in the virtual machine, where the labels are real.
package labels

// Package figures has the figures of a container: their names, what a control group's files say of them, and the set of
// those that are known at one moment.
//
// A figure that the host does not count is absent, which is not zero: its controller is missing, or its kernel is too
// old. Amounts grow from the start of the container on (time, bytes, operations, events), levels go up and down.
//
// It is pure, and reads nothing: package launch reads the files.
package figures

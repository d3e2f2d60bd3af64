// Package shutdown chooses the signal that asks an init to end. It is pure.
//
// From outside, the init of a pid namespace receives only the signals that it catches or blocks, and
// SIGKILL and SIGSTOP (pid_namespaces(7)). So its signal masks show which request it understands.
package shutdown

import (
	"strconv"
	"strings"
	"syscall"
)

// PowerOff is the signal upon which systemd as init powers off: glibc's SIGRTMIN+4 (systemd(1),
// "Signals").
const PowerOff = syscall.Signal(34 + 4)

// Masks holds the signals that a process listens to. Bit n-1 stands for signal n.
type Masks struct {
	Caught  uint64 // the process has a handler
	Blocked uint64 // the process may read them from a signalfd(2), as systemd does
}

// ParseMasks reads the lines SigCgt and SigBlk of /proc/PID/status (proc(5)).
func ParseMasks(status string) Masks {
	var m Masks
	for line := range strings.Lines(status) {
		key, hex, _ := strings.Cut(line, ":")
		mask, err := strconv.ParseUint(strings.TrimSpace(hex), 16, 64)
		if err != nil {
			continue
		}
		switch key {
		case "SigCgt":
			m.Caught = mask
		case "SigBlk":
			m.Blocked = mask
		}
	}
	return m
}

// Signal returns the signal that asks an init with these masks to end. It returns false if init
// listens to none. A handler for PowerOff proves nothing, because some runtimes catch every signal
// (Go's does). Only systemd blocks it.
func (m Masks) Signal() (syscall.Signal, bool) {
	const term = syscall.SIGTERM
	switch {
	case m.Blocked&(1<<(PowerOff-1)) != 0:
		return PowerOff, true
	case (m.Caught|m.Blocked)&(1<<(term-1)) != 0:
		return term, true
	}
	return 0, false
}

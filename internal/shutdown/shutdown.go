// Package shutdown chooses the signal that asks an init to end. It is pure.
//
// A pid namespace's init gets from outside only those signals that it catches or blocks, SIGKILL
// and SIGSTOP apart (pid_namespaces(7)); so its masks tell which words it understands.
package shutdown

import (
	"strconv"
	"strings"
	"syscall"
)

// PowerOff is what systemd as init takes for power-off: glibc's SIGRTMIN+4 (systemd(1), "Signals").
const PowerOff = syscall.Signal(34 + 4)

// Masks are the signals that a process listens to; bit n-1 stands for signal n.
type Masks struct {
	Caught  uint64 // by a handler
	Blocked uint64 // read by signalfd(2), as systemd does
}

// ParseMasks reads the SigCgt and SigBlk lines of /proc/PID/status.
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

// Signal gives the signal that asks an init with these masks to power off; false when it listens
// to none. A handler for PowerOff proves nothing, since some runtimes (Go's) catch every signal;
// only systemd blocks it.
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

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
	Pending uint64 // sent to the process, but not handled or read yet
}

// ParseMasks reads the lines SigCgt, SigBlk and ShdPnd of /proc/PID/status (proc(5)).
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
		case "ShdPnd":
			m.Pending = mask
		}
	}
	return m
}

// Looks collects several looks at one init's masks. One look can mislead: glibc and shells block signals for the
// moment of a fork.
type Looks struct {
	count, steady int
	blocked       uint64 // the signals blocked in every steady look
}

const (
	steadyLooks = 3  // so many looks must agree before Add takes a blocked signal for one that init reads
	mostLooks   = 20 // an init that blocks all signals in so many looks does it on purpose
)

// Add adds one look and returns the signal that asks init to end, or 0 if init listens to none. It returns false
// if another look is needed, a few milliseconds later.
//
// A handler for PowerOff proves nothing, because some runtimes catch every signal (Go's does). Only systemd
// blocks it. A process that blocks SIGSEGV, too, blocks all signals. systemd does that only while it forks.
func (l *Looks) Add(m Masks) (sig syscall.Signal, sure bool) {
	const term = syscall.SIGTERM
	l.count++
	all := has(m.Blocked, syscall.SIGSEGV)
	switch {
	case all && l.count < mostLooks:
		return 0, false
	case all && has(m.Caught|m.Blocked, term):
		return term, true
	case l.steady == 0:
		l.blocked = m.Blocked
	}
	l.steady++
	l.blocked &= m.Blocked
	doubt := has(l.blocked, PowerOff) || has(l.blocked, term) && !has(m.Caught, term)
	switch {
	case doubt && l.steady < steadyLooks && l.count < mostLooks:
		return 0, false
	case has(l.blocked, PowerOff):
		return PowerOff, true
	case has(m.Caught|l.blocked, term):
		return term, true
	}
	return 0, true
}

// Next returns the signal for an init that still runs some time after it got sig. next is the signal that it
// listens to now. Next returns false if there is no other signal to send.
//
// An init that did not read PowerOff is not systemd. An init that read it is shutting down: it must not get
// SIGTERM then, which makes systemd execute itself again.
func Next(sig, next syscall.Signal, m Masks) (syscall.Signal, bool) {
	switch {
	case sig == PowerOff && has(m.Pending, PowerOff):
		return syscall.SIGTERM, true
	case next != 0 && next != sig:
		return next, true
	}
	return 0, false
}

func has(mask uint64, sig syscall.Signal) bool { return mask&(1<<(sig-1)) != 0 }

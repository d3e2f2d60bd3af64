// Package shutdown chooses the signal that asks an init to end, or to reboot. It is pure.
//
// From outside, the init of a pid namespace receives only the signals that it catches or blocks, and
// SIGKILL and SIGSTOP (pid_namespaces(7)). So its signal masks show which request it understands.
package shutdown

import (
	"strconv"
	"strings"
	"syscall"
)

// The signals upon which systemd as init powers off and reboots: glibc's SIGRTMIN+4 and +5 (systemd(1),
// "Signals").
const (
	PowerOff = syscall.Signal(34 + 4)
	Reboot   = syscall.Signal(34 + 5)
)

// Goal is what init is asked for.
type Goal int

// The goals: to end, and to begin again.
const (
	Off Goal = iota
	Again
)

// Systemd returns the signal that asks systemd for the goal.
func (g Goal) Systemd() syscall.Signal {
	if g == Again {
		return Reboot
	}
	return PowerOff
}

// others returns the signals that ask other inits for the goal, the best one first. An init that ends upon the
// last one has done its part of a reboot, too.
func (g Goal) others() []syscall.Signal {
	if g == Again {
		return []syscall.Signal{syscall.SIGHUP, syscall.SIGTERM}
	}
	return []syscall.Signal{syscall.SIGTERM}
}

// first returns the first signal for inits other than systemd that is in a mask, or 0.
func (g Goal) first(mask uint64) syscall.Signal {
	for _, sig := range g.others() {
		if has(mask, sig) {
			return sig
		}
	}
	return 0
}

// Masks holds the signals that a process listens to. Bit n-1 stands for signal n.
type Masks struct {
	Caught  uint64 // the process has a handler, or waits for them by sigwait(3)
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
// moment of a fork. The zero value is for the goal Off.
type Looks struct {
	Goal          Goal
	count, steady int
	blocked       uint64 // the signals blocked in every steady look
}

const (
	steadyLooks = 3  // so many looks must agree before Add takes a blocked signal for one that init reads
	mostLooks   = 20 // an init that blocks all signals in so many looks does it on purpose
)

// Add adds one look and returns the signal that asks init for the goal, or 0 if init listens to none. It returns
// false if another look is needed, a few milliseconds later.
//
// A handler for PowerOff proves nothing, because some runtimes catch every signal (Go's does). Only systemd
// blocks it. A process that blocks SIGSEGV, too, blocks all signals. systemd does that only while it forks.
func (l *Looks) Add(m Masks) (sig syscall.Signal, sure bool) {
	l.count++
	all := has(m.Blocked, syscall.SIGSEGV)
	switch {
	case all && l.count < mostLooks:
		return 0, false
	case all:
		if sig = l.Goal.first(m.Caught | m.Blocked); sig != 0 {
			return sig, true
		}
	}
	if l.steady == 0 {
		l.blocked = m.Blocked
	}
	l.steady++
	l.blocked &= m.Blocked
	if l.doubt(m) && l.steady < steadyLooks && l.count < mostLooks {
		return 0, false
	}
	if has(l.blocked, l.Goal.Systemd()) {
		return l.Goal.Systemd(), true
	}
	return l.Goal.first(m.Caught | l.blocked), true
}

// doubt reports whether a signal is blocked that may be blocked for a moment only.
func (l *Looks) doubt(m Masks) bool {
	return has(l.blocked, l.Goal.Systemd()) || l.Goal.first(l.blocked&^m.Caught) != 0
}

// Next returns the signal for an init that still runs some time after it got sig. next is the signal that it
// listens to now. Next returns false if there is no other signal to send.
//
// An init that did not read PowerOff is not systemd. An init that read it is shutting down: it must not get
// SIGTERM then, which makes systemd execute itself again. The same is true of Reboot. Many inits only read their
// configuration again upon SIGHUP, so that is not the last word of a reboot.
func (g Goal) Next(sig, next syscall.Signal, m Masks) (syscall.Signal, bool) {
	switch {
	case sig == g.Systemd() && has(m.Pending, sig):
		return syscall.SIGTERM, true
	case sig == syscall.SIGHUP && next == sig && has(m.Caught|m.Blocked, syscall.SIGTERM):
		return syscall.SIGTERM, true
	case next != 0 && next != sig && (sig != syscall.SIGTERM || next != syscall.SIGHUP):
		return next, true
	}
	return 0, false
}

func has(mask uint64, sig syscall.Signal) bool { return mask&(1<<(sig-1)) != 0 }

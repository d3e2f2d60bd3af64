package domain

import (
	"strconv"
	"strings"
	"syscall"
)

// realtime is glibc's SIGRTMIN. glibc keeps the kernel's first two real-time signals to itself
// (signal(7), "Real-time signals").
const realtime = 34

// signalNumber reads the name of a signal that a process can catch (signal(7)), or SIGRTMIN+0 to
// SIGRTMIN+30. It returns false for any other text.
func signalNumber(name string) (n syscall.Signal, known bool) {
	if offset, is := strings.CutPrefix(name, "SIGRTMIN+"); is {
		i, err := strconv.ParseUint(offset, 10, 8)
		return realtime + syscall.Signal(i), err == nil && i <= 30
	}
	n, known = map[string]syscall.Signal{
		"SIGHUP": syscall.SIGHUP, "SIGINT": syscall.SIGINT, "SIGQUIT": syscall.SIGQUIT, "SIGABRT": syscall.SIGABRT,
		"SIGUSR1": syscall.SIGUSR1, "SIGUSR2": syscall.SIGUSR2, "SIGALRM": syscall.SIGALRM, "SIGTERM": syscall.SIGTERM,
		"SIGCONT": syscall.SIGCONT, "SIGTSTP": syscall.SIGTSTP, "SIGURG": syscall.SIGURG, "SIGWINCH": syscall.SIGWINCH,
		"SIGIO": syscall.SIGIO, "SIGPWR": syscall.SIGPWR,
	}[name]
	return n, known
}

// StopSignal returns the number of ShutdownSignal, or 0 if that is unset.
func (e Extension) StopSignal() uint32 {
	n, known := signalNumber(e.ShutdownSignal)
	if !known {
		return 0
	}
	return uint32(n)
}

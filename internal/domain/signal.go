package domain

import (
	"slices"
	"strconv"
	"strings"
)

// isSignal takes the names of signal(7) that a process can catch, and SIGRTMIN+0 to SIGRTMIN+30.
func isSignal(name string) bool {
	if n, realtime := strings.CutPrefix(name, "SIGRTMIN+"); realtime {
		i, err := strconv.ParseUint(n, 10, 8)
		return err == nil && i <= 30
	}
	return slices.Contains([]string{
		"SIGHUP", "SIGINT", "SIGQUIT", "SIGABRT", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGTERM",
		"SIGCONT", "SIGTSTP", "SIGURG", "SIGWINCH", "SIGIO", "SIGPWR",
	}, name)
}

package shutdown

import (
	"syscall"
	"testing"
)

// TestSignal: the signal that asks an init to stop follows from the signals that it catches.
func TestSignal(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status string
		want   syscall.Signal
		ok     bool
	}{
		"systemd 252 as init":      {"SigBlk:\t7fe3c0fe28014a03\nSigIgn:\t0000000000001000\nSigCgt:\t00000000000004ec\n", PowerOff, true},
		"busybox init":             {"SigBlk:\t0000000000000000\nSigCgt:\t0000000000007e07\n", syscall.SIGTERM, true},
		"a Go program catches all": {"SigBlk:\t0000000000000000\nSigCgt:\tfffffffe7fc1feff\n", syscall.SIGTERM, true},
		"sleep":                    {"SigBlk:\t0000000000000000\nSigCgt:\t0000000000000000\n", 0, false},
		"only SIGHUP":              {"SigBlk:\t0000000000000000\nSigCgt:\t0000000000000001\n", 0, false},
		"SIGTERM by signalfd":      {"SigBlk:\t0000000000004000\nSigCgt:\t0000000000000000\n", syscall.SIGTERM, true},
		"no such lines":            {"Name:\tx\n", 0, false},
		"garbage":                  {"SigCgt:\tzz\n", 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := ParseMasks(tc.status).Signal()
			if got != tc.want || ok != tc.ok {
				t.Errorf("got %v, %v; want %v, %v", got, ok, tc.want, tc.ok)
			}
		})
	}
}

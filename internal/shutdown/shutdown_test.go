package shutdown

import (
	"syscall"
	"testing"
)

// Looks at processes, as /proc/PID/status shows them.
const (
	systemd = "SigBlk:\t7fe3c0fe28014a03\nSigIgn:\t0000000000001000\nSigCgt:\t00000000000004ec\n"
	forking = "SigBlk:\tfffffffe7ffbfeff\nSigCgt:\t0000000000000000\n" // for a moment, or for good
	caught  = "SigBlk:\t0000000000000000\nSigCgt:\t0000000000004000\n"
	cgForks = "SigBlk:\tfffffffe7ffbfeff\nSigCgt:\t0000000000004000\n"
	deaf    = "SigBlk:\t0000000000000000\nSigCgt:\t0000000000000000\n"
	reads   = "SigBlk:\t0000000000004000\nSigCgt:\t0000000000000000\n" // SIGTERM, by signalfd
	bash    = "SigBlk:\t0000000000014002\nSigCgt:\t0000000000000000\n" // bash, for the moment of a fork
)

// TestLooks: the signal that asks an init to stop follows from the signals that it catches, and from those
// that it blocks for longer than a moment.
func TestLooks(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		looks []string // the last one stands for all later ones
		want  syscall.Signal
		after int
	}{
		"systemd 252 as init":        {[]string{systemd}, PowerOff, 3},
		"systemd while it forks":     {[]string{forking, systemd, forking, systemd}, PowerOff, 5},
		"busybox init":               {[]string{"SigBlk:\t0000000000000000\nSigCgt:\t0000000000007e07\n"}, syscall.SIGTERM, 1},
		"a Go program catches all":   {[]string{"SigBlk:\t0000000000000000\nSigCgt:\tfffffffe7fc1feff\n"}, syscall.SIGTERM, 1},
		"sleep":                      {[]string{deaf}, 0, 1},
		"only SIGHUP":                {[]string{"SigBlk:\t0000000000000000\nSigCgt:\t0000000000000001\n"}, 0, 1},
		"SIGTERM by signalfd":        {[]string{reads}, syscall.SIGTERM, 3},
		"a shell that forks":         {[]string{cgForks, caught}, syscall.SIGTERM, 2},
		"a deaf shell that forks":    {[]string{forking, forking, deaf}, 0, 3},
		"a deaf bash that forks":     {[]string{bash, bash, deaf}, 0, 3},
		"all blocked for good":       {[]string{forking}, syscall.SIGTERM, mostLooks},
		"a PowerOff that soon is no": {[]string{systemd, caught}, syscall.SIGTERM, 2},
		"no such lines":              {[]string{"Name:\tx\n"}, 0, 1},
		"garbage":                    {[]string{"SigCgt:\tzz\n"}, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var l Looks
			for n := 1; ; n++ {
				sig, sure := l.Add(ParseMasks(tc.looks[min(n, len(tc.looks))-1]))
				if !sure && n < 2*mostLooks {
					continue
				}
				if sig != tc.want || n != tc.after {
					t.Errorf("got %v after %d looks; want %v after %d", sig, n, tc.want, tc.after)
				}
				return
			}
		})
	}
}

// TestNext: an init that still runs gets another word only if the first had no effect.
func TestNext(t *testing.T) {
	t.Parallel()
	const pending = "ShdPnd:\t0000002000000000\n"
	for name, tc := range map[string]struct {
		said, listens syscall.Signal
		status        string
		want          syscall.Signal
	}{
		"systemd that read it":           {PowerOff, PowerOff, systemd, 0},
		"PowerOff that nobody reads":     {PowerOff, PowerOff, pending, syscall.SIGTERM},
		"it was no systemd":              {PowerOff, syscall.SIGTERM, caught, syscall.SIGTERM},
		"it was a systemd":               {syscall.SIGTERM, PowerOff, systemd, PowerOff},
		"a handler that takes its time":  {syscall.SIGTERM, syscall.SIGTERM, caught, 0},
		"it has stopped listening since": {syscall.SIGTERM, 0, deaf, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, more := Next(tc.said, tc.listens, ParseMasks(tc.status)); got != tc.want || more != (tc.want != 0) {
				t.Errorf("got %v, %v; want %v", got, more, tc.want)
			}
		})
	}
}

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
	hup     = "SigBlk:\t0000000000000000\nSigCgt:\t0000000000004001\n" // SIGHUP and SIGTERM
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
			if got, more := Off.Next(tc.said, tc.listens, ParseMasks(tc.status)); got != tc.want || more != (tc.want != 0) {
				t.Errorf("got %v, %v; want %v", got, more, tc.want)
			}
		})
	}
}

// TestReboot: a reboot is asked for by systemd's signal, or by SIGHUP, or by SIGTERM of an init that does not listen to
// SIGHUP.
func TestReboot(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		looks []string
		want  syscall.Signal
	}{
		"systemd":                    {[]string{systemd}, Reboot},
		"systemd while it forks":     {[]string{forking, systemd, forking, systemd}, Reboot},
		"SIGHUP and SIGTERM":         {[]string{hup}, syscall.SIGHUP},
		"only SIGTERM":               {[]string{caught}, syscall.SIGTERM},
		"SIGTERM by signalfd":        {[]string{reads}, syscall.SIGTERM},
		"SIGHUP for a moment":        {[]string{"SigBlk:\t0000000000000001\nSigCgt:\t0000000000004000\n", caught}, syscall.SIGTERM},
		"all blocked for good":       {[]string{forking}, syscall.SIGHUP},
		"a deaf shell that forks":    {[]string{forking, forking, deaf}, 0},
		"a Reboot that soon is none": {[]string{systemd, hup}, syscall.SIGHUP},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := Looks{Goal: Again}
			for n := 1; n <= 2*mostLooks; n++ {
				sig, sure := l.Add(ParseMasks(tc.looks[min(n, len(tc.looks))-1]))
				if !sure {
					continue
				}
				if sig != tc.want {
					t.Errorf("got %v after %d looks, want %v", sig, n, tc.want)
				}
				return
			}
			t.Error("never sure")
		})
	}
}

// TestNextOfReboot: an init that still runs after SIGHUP gets SIGTERM if it listens to that, and nothing after SIGTERM.
func TestNextOfReboot(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		said, listens syscall.Signal
		status        string
		want          syscall.Signal
	}{
		"systemd that read it":       {Reboot, Reboot, systemd, 0},
		"Reboot that nobody reads":   {Reboot, Reboot, "ShdPnd:\t0000004000000000\n", syscall.SIGTERM},
		"SIGHUP had no effect":       {syscall.SIGHUP, syscall.SIGHUP, hup, syscall.SIGTERM},
		"SIGHUP, and deaf otherwise": {syscall.SIGHUP, syscall.SIGHUP, "SigCgt:\t0000000000000001\n", 0},
		"SIGTERM had no effect":      {syscall.SIGTERM, syscall.SIGHUP, hup, 0},
		"it was a systemd":           {syscall.SIGHUP, Reboot, systemd, Reboot},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, more := Again.Next(tc.said, tc.listens, ParseMasks(tc.status)); got != tc.want || more != (tc.want != 0) {
				t.Errorf("got %v, %v; want %v", got, more, tc.want)
			}
		})
	}
}

package signals

import (
	"strconv"
	"syscall"
	"testing"
)

// TestParseCall: a call of sigtimedwait(2) is told from all other states of a process, with the address of its set.
func TestParseCall(t *testing.T) {
	t.Parallel()
	call := strconv.Itoa(syscall.SYS_RT_SIGTIMEDWAIT)
	for text, want := range map[string]struct {
		at    int64
		waits bool
	}{
		call + " 0x7fff9296dfe0 0x7fff9296dea0 0x0 0x8 0x0 0x0 0x7fff9296de70 0x7fcf0e05ac2f\n": {0x7fff9296dfe0, true},
		"177 0xff9296d0 0xff9296a0 0x0 0x8 0x0 0x0 0xff929670 0xf7f0e05a\n":                     {0xff9296d0, true},
		"230 0x0 0x0 0x7ffc0 0x0 0x0 0x0 0x7ffc 0x7f\n":                                         {},
		"running\n":        {},
		"-1 0x7ffd 0x7f\n": {},
		"":                 {},
		call + " zz\n":     {},
	} {
		if at, waits := parseCall(text); at != want.at || waits != want.waits {
			t.Errorf("%q: %#x, %v", text, at, waits)
		}
	}
}

package supervisor

import (
	"strings"
	"testing"

	"github.com/berthd/berth/internal/wire"
)

// TestNotice: READY=1 and the last STATUS= are taken from what init says; nothing of it can do harm where it is shown.
func TestNotice(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", wire.MaxStatus)
	for message, want := range map[string]wire.Notified{
		"READY=1":                                {Ready: true},
		"READY=1\n":                              {Ready: true},
		"READY=0":                                {},
		"XREADY=1":                               {},
		"STATUS=a\nREADY=1\nMAINPID=1\nSTATUS=b": {Ready: true, Status: "b"},
		"STATUS=":                                {},
		"STATUS=\x1b[31mred\x00\xff":             {Status: "[31mred"},
		"STATUS=" + long:                         {Status: long[:wire.MaxStatus]},
		"":                                       {},
		"\n\n=":                                  {},
	} {
		var got wire.Notified
		notice(&got, message)
		if got != want {
			t.Errorf("%q: %+v, want %+v", message, got, want)
		}
	}
	got := wire.Notified{Ready: true, Status: "up"}
	notice(&got, "STATUS=still up")
	if got != (wire.Notified{Ready: true, Status: "still up"}) {
		t.Errorf("a later word: %+v", got)
	}
}

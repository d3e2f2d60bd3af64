package dbusapi

import (
	"strings"
	"testing"

	"github.com/berthd/berth/internal/bus"
)

// TestOutboxTurns: users get their answers in turns, each in order, whoever has many. No answer comes before a signal
// that was put in before it, and no signal before such an answer. All is written, however little at once.
func TestOutboxTurns(t *testing.T) {
	t.Parallel()
	a, b := newAccount(user{true, 7}), newAccount(user{true, 8})
	o := newOutbox()
	ended := 0
	put := func(to *account, text string) {
		o.put(outgoing{msg: []byte(text), to: to, sent: func() { ended++ }})
	}
	for _, text := range []string{"a1", "a2", "a3"} {
		put(a, text)
	}
	put(b, "b1")
	put(nil, "S1")
	put(nil, "S2")
	put(a, "a4"+strings.Repeat(" ", atOnce))
	put(a, "a5")
	put(b, "b2")
	var got []string
	writes := 0
	written := o.stop()
	o.start(func(batch []bus.Outgoing) error {
		writes++
		for _, m := range batch {
			got = append(got, strings.TrimSpace(string(m.Bytes)))
		}
		return nil
	})
	<-written
	if text := strings.Join(got, " "); text != "a1 b1 a2 a3 S1 S2 a4 b2 a5" {
		t.Errorf("written in the order %s", text)
	}
	if ended != 9 || writes != 2 {
		t.Errorf("%d messages have ended, after %d writes", ended, writes)
	}
	put(a, "late")
	if ended != 10 {
		t.Error("a late message has not ended")
	}
}

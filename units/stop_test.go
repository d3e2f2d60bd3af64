package units

import (
	"testing"

	"github.com/godbus/dbus/v5"
)

// TestJudge: what was said of a unit decides the stop only when it is later than the reply, or the
// unit is ours.
func TestJudge(t *testing.T) {
	t.Parallel()
	gone := func(at dbus.Sequence) notice { return notice{kind: unitGone, at: at} }
	look := func(at dbus.Sequence) notice { return notice{kind: lookAgain, at: at} }
	job := func(at dbus.Sequence) notice { return notice{kind: jobEnded, at: at, result: "done"} }
	const reply = 10
	cases := []struct {
		name  string
		said  []notice
		ours  bool
		asked dbus.Sequence
		want  progress
	}{
		{"nothing yet", nil, true, dbus.NoSequence, undecided},
		{"nothing after the reply", nil, false, reply, undecided},
		{"the job is not the unit", []notice{job(11)}, true, reply, undecided},
		{"gone after the reply", []notice{job(11), gone(12)}, false, reply, isOver},
		{"ours gone before the reply", []notice{gone(5)}, true, dbus.NoSequence, isOver},
		{"an earlier one gone before the reply", []notice{gone(5)}, false, dbus.NoSequence, undecided},
		{"an earlier one gone, then the reply", []notice{gone(5)}, false, reply, undecided},
		{"missed something", []notice{look(11)}, true, reply, askAgain},
		{"missed something before the reply", []notice{look(9)}, true, reply, undecided},
		{"reload while the reply is awaited", []notice{look(9)}, true, dbus.NoSequence, undecided},
		{"gone, then a reload", []notice{gone(11), look(12)}, false, reply, isOver},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := judge(c.said, c.ours, c.asked); got != c.want {
				t.Errorf("judge = %v, want %v", got, c.want)
			}
		})
	}
}

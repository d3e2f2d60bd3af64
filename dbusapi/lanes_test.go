package dbusapi

import "testing"

func come(t *turn) bool {
	select {
	case <-t.come:
		return true
	default:
		return false
	}
}

func TestLanes(t *testing.T) {
	t.Parallel()
	var l lanes
	first, second, third := l.join(uuidA), l.join(uuidA), l.join(uuidA)
	other := l.join(uuidB)
	check := func(when string, want ...bool) {
		t.Helper()
		for i, turn := range []*turn{first, second, third, other} {
			if come(turn) != want[i] {
				t.Errorf("%s: turn %d has come: %v, want %v", when, i, come(turn), want[i])
			}
		}
	}
	check("all in line", true, false, false, true)
	l.leave(second)
	check("one gave up its place", true, false, false, true)
	l.leave(first)
	check("the first is done", true, false, true, true)
	l.leave(first)
	l.leave(third)
	l.leave(other)
	if len(l.lines) != 0 {
		t.Errorf("%d lines are left", len(l.lines))
	}
}

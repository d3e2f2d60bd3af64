package service

import (
	"testing"

	"github.com/berthd/berth/internal/domain"
)

func served(t *Ticket) bool {
	select {
	case <-t.Served():
		return true
	default:
		return false
	}
}

// TestQueues: the first of each container's queue is served, and a place can be given up anywhere.
func TestQueues(t *testing.T) {
	t.Parallel()
	var q Queues
	a, b := domain.UUID{0xa}, domain.UUID{0xb}
	first, second, third := q.Take(a), q.Take(a), q.Take(a)
	other := q.Take(b)
	check := func(when string, want ...bool) {
		t.Helper()
		for i, ticket := range []*Ticket{first, second, third, other} {
			if served(ticket) != want[i] {
				t.Errorf("%s: ticket %d is served: %v, want %v", when, i, served(ticket), want[i])
			}
		}
	}
	check("all are queued", true, false, false, true)
	second.Leave()
	check("one gave up its place", true, false, false, true)
	first.Leave()
	check("the first is done", true, false, true, true)
	first.Leave()
	third.Leave()
	other.Leave()
	if len(q.queues) != 0 {
		t.Errorf("%d queues are left", len(q.queues))
	}
}

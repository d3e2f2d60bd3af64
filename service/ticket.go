package service

import (
	"slices"
	"sync"

	"github.com/berthd/berth/internal/domain"
)

// Queues keeps the calls that change a container in their order of arrival. Each container has a queue of
// its own, so none waits for another. The first ticket of a queue is served. A queue is removed when it is
// empty. The zero value is ready.
type Queues struct {
	mu     sync.Mutex // guards queues; held for a few instructions only, also in a front's read loop
	queues map[domain.UUID][]*Ticket
}

// Ticket is a place in the queue of one container.
type Ticket struct {
	of     *Queues
	uuid   domain.UUID
	served chan struct{}
}

// Ticket takes the last place in a container's queue. The container need not exist. A front takes tickets
// in the order in which calls arrive, and makes a call when its ticket is served. Ticket never blocks.
func (s *Service) Ticket(u domain.UUID) *Ticket { return s.queues.Take(u) }

// Take takes the last place in the queue of a container.
func (q *Queues) Take(u domain.UUID) *Ticket {
	t := &Ticket{of: q, uuid: u, served: make(chan struct{})}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.queues == nil {
		q.queues = make(map[domain.UUID][]*Ticket)
	}
	q.queues[u] = append(q.queues[u], t)
	if len(q.queues[u]) == 1 {
		close(t.served)
	}
	return t
}

// Served returns a channel that is closed when all tickets before this one have left.
func (t *Ticket) Served() <-chan struct{} { return t.served }

// Leave gives the place in the queue up, served or not. Leaving twice is harmless.
func (t *Ticket) Leave() {
	q := t.of
	q.mu.Lock()
	defer q.mu.Unlock()
	queue := q.queues[t.uuid]
	at := slices.Index(queue, t)
	if at < 0 {
		return
	}
	queue = slices.Delete(queue, at, at+1)
	if len(queue) == 0 {
		delete(q.queues, t.uuid)
		return
	}
	q.queues[t.uuid] = queue
	if at == 0 {
		close(queue[0].served)
	}
}

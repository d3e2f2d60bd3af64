package service

import (
	"context"
	"sync"
)

// questionsPerUser is how many questions about one user may be on their way to the authority. Whoever calls much waits
// for himself, and not others for him.
const questionsPerUser = 2

// turns are the users about whom the authority is being asked. The zero value is ready.
type turns struct {
	mu    sync.Mutex // guards users and the counts; never held over a wait
	users map[uint32]*turn
}

type turn struct {
	places chan struct{} // holds a token for each question on its way
	count  int           // of those that have a place or wait for one
}

// take waits for a place among a user's questions. It returns the context's cause if that ends first.
func (t *turns) take(ctx context.Context, uid uint32) (leave func(), err error) {
	t.mu.Lock()
	one := t.users[uid]
	if one == nil {
		if t.users == nil {
			t.users = map[uint32]*turn{}
		}
		one = &turn{places: make(chan struct{}, questionsPerUser)}
		t.users[uid] = one
	}
	one.count++
	t.mu.Unlock()
	select {
	case one.places <- struct{}{}:
		return func() { <-one.places; t.leave(uid) }, nil
	case <-ctx.Done():
		t.leave(uid)
		return nil, context.Cause(ctx)
	}
}

func (t *turns) leave(uid uint32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.users[uid].count--; t.users[uid].count == 0 {
		delete(t.users, uid)
	}
}

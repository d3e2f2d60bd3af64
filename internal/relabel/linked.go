package relabel

import "sync"

// linkedMost bounds the files with several names that are remembered. One that is met again is only looked at again: in
// the journal, what was read first counts.
const linkedMost = 1 << 16

// linked remembers the files with several names that a walk has met. Two workers may come to two names at the same
// time.
type linked struct {
	mu    sync.Mutex
	known map[identity]bool
}

func newLinked() *linked { return &linked{known: map[identity]bool{}} }

// met remembers a file, and reports whether it was met before.
func (l *linked) met(id identity) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.known[id]
	if !before && len(l.known) < linkedMost {
		l.known[id] = true
	}
	return before
}

// has reports whether a file was met.
func (l *linked) has(id identity) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.known[id]
}

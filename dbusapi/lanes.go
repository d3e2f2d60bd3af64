package dbusapi

import (
	"slices"
	"sync"

	"github.com/berthd/berth/internal/domain"
)

// lanes keeps the calls that change one container in their order of arrival: one line per
// container, whose first has its turn. Lines don't know each other, so no container waits for
// another, and a line without anybody in it does not exist.
type lanes struct {
	mu    sync.Mutex // guards lines; held for a few instructions only, also in the read loop
	lines map[domain.UUID][]*turn
}

// turn is a place in one line.
type turn struct {
	uuid domain.UUID
	come chan struct{} // closed when everybody before has left
}

// join takes the last place in a container's line.
func (l *lanes) join(u domain.UUID) *turn {
	t := &turn{uuid: u, come: make(chan struct{})}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lines == nil {
		l.lines = make(map[domain.UUID][]*turn)
	}
	l.lines[u] = append(l.lines[u], t)
	if len(l.lines[u]) == 1 {
		close(t.come)
	}
	return t
}

// leave gives the place up, wherever in the line it is. To leave twice is harmless.
func (l *lanes) leave(t *turn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	line := l.lines[t.uuid]
	at := slices.Index(line, t)
	if at < 0 {
		return
	}
	line = slices.Delete(line, at, at+1)
	if len(line) == 0 {
		delete(l.lines, t.uuid)
		return
	}
	l.lines[t.uuid] = line
	if at == 0 {
		close(line[0].come)
	}
}

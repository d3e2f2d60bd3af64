package service

import (
	"errors"
	"io/fs"
	"time"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/events"
)

// MemoryEvents is what the kernel says of a scope that is short of memory.
type MemoryEvents interface {
	// NextMemoryEvent returns a channel that is closed when the kernel next counts an event of memory in a scope, such as
	// an OOM kill. cancel gives that up. It returns fs.ErrNotExist if the host does not count them, or the group is gone.
	NextMemoryEvent(path string) (counted <-chan struct{}, cancel func(), err error)
	// OOMKills counts the processes of a scope that the kernel has killed for want of memory. It returns fs.ErrNotExist as
	// NextMemoryEvent does, and if another group has the path now.
	OOMKills(path string, id uint64) (uint64, error)
	// LastOOMKill returns the last process of a scope that the kernel's log names as killed for want of memory. The kernel
	// does not name all when it kills many.
	LastOOMKill(path string) (v Victim, known bool)
	// KilledForMemory reports whether the kernel's log says that a process, by its pid on the host, was killed for want of
	// memory.
	KilledForMemory(pid uint32) (bool, error)
}

// Victim is a process that the kernel has killed for want of memory.
type Victim struct {
	Process string // its name
	PID     uint32 // on the host
	At      string // its time in the kernel's log; together with the pid no two have the same
}

// The pauses between two messages about a run. A kill is told at once if none was told in the last minutes. While
// processes go on being killed, each pause is twice as long as the one before. A message has the count of all kills.
const (
	firstOOMPause = time.Second
	lastOOMPause  = time.Minute
)

// oomWatch tells of the OOM kills of a run. Each event of memory that is no kill (memory.high, memory.max) costs a
// look, one in firstOOMPause at most. Its methods are for the goroutine of watch.
type oomWatch struct {
	s      *Service
	c      *container
	r      *run
	group  string
	id     uint64
	event  <-chan struct{} // nil if the kernel does not count, and during a pause
	cancel func()
	known  uint64        // kills that are told, by this daemon or an earlier one
	told   time.Time     // the latest message
	length time.Duration // of the pause after it
	pause  *time.Timer   // nil unless it is a pause
}

// watchOOM begins to watch a run. The caller has not the container locked.
func (s *Service) watchOOM(c *container, r *run) *oomWatch {
	c.mu.Lock()
	w := &oomWatch{s: s, c: c, r: r, group: c.snap.ControlGroup, id: c.groupID, cancel: func() {}}
	c.mu.Unlock()
	if w.group != "" {
		w.goOn()
	}
	return w
}

// arm waits for the next event.
func (w *oomWatch) arm() {
	event, cancel, err := w.s.Cgroups.NextMemoryEvent(w.group)
	switch {
	case err == nil:
		w.event, w.cancel = event, cancel
	case !errors.Is(err, fs.ErrNotExist):
		w.s.Log.Warn("OOM kills will not be told", w.c.who(), "err", err)
	}
}

// counted handles an event.
func (w *oomWatch) counted() {
	w.event, w.cancel = nil, func() {}
	pause := firstOOMPause
	if w.look() {
		pause = w.length
	}
	w.pause = time.NewTimer(pause)
}

// paused returns the channel of the pause, nil if it is none.
func (w *oomWatch) paused() <-chan time.Time {
	if w.pause == nil {
		return nil
	}
	return w.pause.C
}

// goOn begins to watch, or goes on after a pause. A pause begins if a process was killed meanwhile.
func (w *oomWatch) goOn() {
	w.pause = nil
	w.arm()
	if w.event != nil && w.look() {
		w.cancel()
		w.event, w.cancel = nil, func() {}
		w.pause = time.NewTimer(w.length)
	}
}

// look tells of the kills that are not told yet, and reports whether there were any. It decides on the next pause then.
func (w *oomWatch) look() bool {
	n, err := w.s.Cgroups.OOMKills(w.group, w.id)
	if err != nil || n <= w.known {
		return false
	}
	w.known = n
	_ = w.c.lock(detached())
	defer w.c.unlock()
	if w.c.run != w.r || n <= w.r.OOMKills {
		return false
	}
	now := w.s.Now()
	if now.Sub(w.told) >= w.length+lastOOMPause {
		w.length = 0
	}
	w.told, w.length = now, min(max(2*w.length, firstOOMPause), lastOOMPause)
	w.s.tellOOM(w.c, w.r, n)
	w.s.save(w.r)
	return true
}

// end gives the watch up.
func (w *oomWatch) end() {
	w.cancel()
	if w.pause != nil {
		w.pause.Stop()
	}
}

// tellOOM tells that so many processes of a run have been killed for want of memory. If this daemon dies before that is
// saved, the next one tells it again. The caller has the container locked.
func (s *Service) tellOOM(c *container, r *run, kills uint64) {
	r.OOMKills = kills
	oom := &events.OOM{Kills: kills}
	args := []any{c.who(), message(contract.MessageOOM), "oom_kills", kills}
	if v, known := s.Cgroups.LastOOMKill(r.Group); known && v != r.victim {
		r.victim = v
		oom.Process, oom.PID = v.Process, v.PID
		args = append(args, "process", v.Process, "pid", v.PID)
	}
	s.Log.Warn("out of memory: the kernel killed processes of a container", args...)
	e := s.event(events.OOMKill, "")
	e.OOM = oom
	s.change(c, e, func(snap *Snapshot) { snap.OOMKills = kills })
}

// tellLastOOM tells of the kills that the supervisor has counted at the end, and that are not told yet. The caller has
// the container locked.
func (s *Service) tellLastOOM(c *container, r *run, end End) {
	if end.OOMKills > r.OOMKills {
		s.tellOOM(c, r, end.OOMKills)
	}
}

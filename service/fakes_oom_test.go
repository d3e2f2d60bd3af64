package service

import (
	"fmt"
	"io/fs"
	"runtime"
	"sync"

	"github.com/berthd/berth/internal/events"
)

// oomFake is the kernel's memory controller. It has one group. The world's calls are not for it: who waits for an event
// does so beside the test.
type oomFake struct {
	mu      sync.Mutex
	counts  bool  // the host has the controller
	err     error // why nobody can wait
	kills   uint64
	victim  Victim
	waiting chan struct{}
	looks   int // calls of OOMKills
	// initSpared says that the kernel's log does not name init.
	initSpared bool
}

// kill kills a process.
func (o *oomFake) kill(v Victim) {
	o.mu.Lock()
	o.kills++
	o.victim = v
	o.mu.Unlock()
	o.count()
}

// count counts an event of memory.
func (o *oomFake) count() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.waiting != nil {
		close(o.waiting)
		o.waiting = nil
	}
}

func (d cgroupsFake) NextMemoryEvent(string) (<-chan struct{}, func(), error) {
	if d.dead.Load() {
		runtime.Goexit()
	}
	o := &d.oom
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.err != nil:
		return nil, nil, o.err
	case !o.counts:
		return nil, nil, fs.ErrNotExist
	}
	c := make(chan struct{})
	o.waiting = c
	return c, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.waiting == c {
			o.waiting = nil
		}
	}, nil
}

func (d cgroupsFake) OOMKills(string, uint64) (uint64, error) {
	if d.dead.Load() {
		runtime.Goexit()
	}
	d.oom.mu.Lock()
	defer d.oom.mu.Unlock()
	d.oom.looks++
	return d.oom.kills, nil
}

func (d cgroupsFake) LastOOMKill(string) (Victim, bool) {
	d.oom.mu.Lock()
	defer d.oom.mu.Unlock()
	return d.oom.victim, d.oom.victim.Process != ""
}

func (d cgroupsFake) KilledForMemory(uint32) (bool, error) {
	d.oom.mu.Lock()
	defer d.oom.mu.Unlock()
	return !d.oom.initSpared, nil
}

// oomText writes down what an event tells of kills.
func oomText(o *events.OOM) string {
	switch {
	case o == nil:
		return ""
	case o.Process == "":
		return fmt.Sprintf(" %d", o.Kills)
	}
	return fmt.Sprintf(" %d %s[%d]", o.Kills, o.Process, o.PID)
}

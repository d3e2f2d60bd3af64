package main

import (
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"
)

const (
	// memoryFew is the memory in bytes of a daemon that has no burst behind it: below it, nothing is given back.
	memoryFew = 32 << 20
	// How long after work it is looked at. What a burst leaves is garbage until the next collection, which the runtime of
	// an idle program makes after two minutes, and gives back slowly.
	memorySoon = 3 * time.Second
	memoryLate = time.Minute // at most, where nearly all is needed
)

// memory gives back to the kernel what a burst of work has left. No timer runs when there is no work.
type memory struct {
	held func() uint64 // bytes that the kernel has given
	free func()        // gives back what is not needed, after a collection

	mu    sync.Mutex // guards the fields below
	set   bool       // a timer is
	pause time.Duration
}

func newMemory() *memory {
	return &memory{held: heldMemory, free: debug.FreeOSMemory, pause: memorySoon}
}

// worked says that some work has ended. It does not block.
func (m *memory) worked() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.set {
		m.set = true
		time.AfterFunc(m.pause, m.look)
	}
}

// look gives back what is too much. A daemon that needs what it has is looked at less often: a collection is work, too.
func (m *memory) look() {
	m.mu.Lock()
	m.set = false
	m.mu.Unlock()
	before := m.held()
	if before <= memoryFew {
		return
	}
	m.free()
	after := m.held()
	m.mu.Lock()
	defer m.mu.Unlock()
	if after > before/4*3 {
		m.pause = min(2*m.pause, memoryLate)
	} else {
		m.pause = memorySoon
	}
}

// heldMemory is what the runtime has of the kernel, in bytes.
func heldMemory() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64() - sample[1].Value.Uint64()
}

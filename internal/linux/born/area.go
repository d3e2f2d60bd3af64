package born

import (
	"encoding/binary"
	"unsafe"
)

// area is memory that Go does not manage, from its beginning on in use.
type area struct {
	memory []byte
	used   int
}

// size is how much memory an argument takes.
func (a *Arg) size() int {
	switch a.kind {
	case bytes:
		return aligned(len(a.bytes))
	case text:
		return aligned(len(a.text) + 1)
	case words:
		n := 8 * max(len(a.words), 1)
		for i := range a.words {
			n += a.words[i].size()
		}
		return n
	}
	return 0
}

func aligned(n int) int { return (max(n, 1) + 7) &^ 7 }

// put puts what an argument points to into the memory, and returns its value.
func (r *area) put(a *Arg) uint64 {
	switch a.kind {
	case bytes:
		b := r.take(len(a.bytes))
		copy(b, a.bytes)
		return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b))))
	case text:
		b := r.take(len(a.text) + 1)
		b[copy(b, a.text)] = 0
		return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b))))
	case words:
		b := r.take(8 * max(len(a.words), 1))
		clear(b)
		for i := range a.words {
			binary.NativeEndian.PutUint64(b[8*i:], r.put(&a.words[i]))
		}
		return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b))))
	}
	return a.number
}

func (r *area) take(n int) []byte {
	b := r.memory[r.used : r.used+n : r.used+aligned(n)]
	r.used += aligned(n)
	return b
}

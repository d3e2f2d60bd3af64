package idrange

import (
	"errors"
	"hash/fnv"
)

// ErrExhausted is returned if every range of the pool contains an id that is taken.
var ErrExhausted = errors.New("no range is free")

// Allocate returns a range of the pool that shares no id with taken. It returns ErrExhausted if there
// is none. The search begins at a place that depends on seed. So a container that is defined again
// probably gets its previous range, and a range that was just freed is not the next to be used.
func Allocate(pool Span, taken []Span, seed []byte) (Span, error) {
	base, ranges := pool.First/Size, pool.Last/Size-pool.First/Size+1
	used := make([]bool, ranges)
	for _, t := range taken {
		if !t.Overlaps(pool) {
			continue
		}
		for n := max(t.First, pool.First) / Size; n <= min(t.Last, pool.Last)/Size; n++ {
			used[n-base] = true
		}
	}
	h := fnv.New32a()
	_, _ = h.Write(seed) // it never fails
	start := h.Sum32() % ranges
	for i := range ranges {
		if n := (start + i) % ranges; !used[n] {
			first := (base + n) * Size
			return Span{First: first, Last: first + Size - 1}, nil
		}
	}
	return Span{}, ErrExhausted
}

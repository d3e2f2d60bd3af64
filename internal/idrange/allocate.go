package idrange

import (
	"errors"
	"hash/fnv"
)

// ErrExhausted says that every range of the pool has an id of somebody's.
var ErrExhausted = errors.New("no range is free")

// Allocate gives a range of the pool of which nobody in taken has an id. The search begins where the
// seed says: what is defined again is likely to get the range that it had, and a range that was just
// freed is not the next one given. ErrExhausted.
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

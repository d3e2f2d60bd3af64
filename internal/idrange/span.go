package idrange

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Size is the number of ids of a range. The first id of a range is a multiple of it.
const Size = 1 << 16

// Span holds the ids from First to Last, both included.
type Span struct{ First, Last uint32 }

func (s Span) String() string { return fmt.Sprintf("%d-%d", s.First, s.Last) }

// Overlaps reports whether two spans share an id.
func (s Span) Overlaps(t Span) bool { return s.First <= t.Last && t.First <= s.Last }

// Default returns the pool from which systemd-nspawn takes the ranges of its containers
// (UIDS-GIDS.md, "Special systemd UID ranges"). No distribution uses these ids for anything else.
func Default() Span { return Span{First: 524288, Last: 1879048191} }

// ParsePool reads a pool, written FIRST-LAST. It returns an error if the pool does not consist of
// whole ranges, if it has the host's own first range, or if it has the last range: that contains
// 2^32-1, which is not an id (chown(2)).
func ParsePool(text string) (Span, error) {
	first, last, _ := strings.Cut(text, "-")
	from, err := strconv.ParseUint(first, 10, 32)
	to, err2 := strconv.ParseUint(last, 10, 32)
	switch {
	case err != nil || err2 != nil:
		return Span{}, errors.New("it must be two ids with a dash between, as 524288-1879048191")
	case from%Size != 0 || (to+1)%Size != 0:
		return Span{}, fmt.Errorf("it must begin at a multiple of %d and end one before such a multiple", Size)
	case from > to:
		return Span{}, errors.New("it must not end before it begins")
	case from == 0 || to == 1<<32-1:
		return Span{}, fmt.Errorf("it must lie between %d and %d", Size, uint32(1<<32-Size-1))
	}
	return Span{First: uint32(from), Last: uint32(to)}, nil
}

package idrange

import (
	"math"
	"strconv"
	"strings"
)

// Subordinate reads subuid(5) or subgid(5): OWNER:FIRST:COUNT a line. A line that is none is passed
// over, as newuidmap(1) does; ids above 32 bits are nobody's.
func Subordinate(text string) []Span {
	var spans []Span
	for line := range strings.Lines(text) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) != 3 {
			continue
		}
		first, ok := number(fields[1])
		count, ok2 := number(fields[2])
		if !ok || !ok2 || count == 0 || first > math.MaxUint32 {
			continue
		}
		last := uint64(math.MaxUint32)
		if count-1 < last-first {
			last = first + count - 1
		}
		spans = append(spans, Span{First: uint32(first), Last: uint32(last)})
	}
	return spans
}

// Accounts reads the ids of passwd(5) or group(5), which stand in the given columns, the first of
// which is 0. What is no number, as in the lines of NIS, is passed over.
func Accounts(text string, columns ...int) []Span {
	var spans []Span
	for line := range strings.Lines(text) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		for _, c := range columns {
			if c >= len(fields) {
				continue
			}
			if id, ok := number(fields[c]); ok && id <= math.MaxUint32 {
				spans = append(spans, Span{First: uint32(id), Last: uint32(id)})
			}
		}
	}
	return spans
}

// number reads an unsigned one as strtoul(3) does: with blanks before it and a plus.
func number(text string) (uint64, bool) {
	n, err := strconv.ParseUint(strings.TrimPrefix(strings.TrimSpace(text), "+"), 10, 64)
	return n, err == nil
}

package idrange

import (
	"math"
	"strconv"
	"strings"
)

// Subordinate reads the text of subuid(5) or subgid(5): lines of OWNER:FIRST:COUNT. It ignores other
// lines, as newuidmap(1) does, and ids above 32 bits.
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

// Accounts reads the ids in the given columns of passwd(5) or group(5). The first column is 0. It
// ignores a field that is not a 32-bit number, as in the lines of NIS.
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

// number reads an unsigned number. Like strtoul(3) it allows leading blanks and a plus sign. It
// returns false if text is not such a number.
func number(text string) (uint64, bool) {
	n, err := strconv.ParseUint(strings.TrimPrefix(strings.TrimSpace(text), "+"), 10, 64)
	return n, err == nil
}

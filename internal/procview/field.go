package procview

import (
	"bytes"
	"math"
	"strconv"
)

// None is the limit of what has no limit.
const None = math.MaxUint64

// Limit reads a limit file: a number, or "max". What cannot be read limits nothing.
func Limit(text []byte) uint64 {
	text = bytes.TrimSpace(text)
	for _, c := range text {
		if c < '0' || c > '9' {
			return None
		}
	}
	if len(text) == 0 || len(text) > 19 { // 20 digits may be too many for 64 bits
		return None
	}
	return number(text)
}

// lines calls f with each line of a text, without its end.
func lines(text []byte, f func(line []byte)) {
	for len(text) > 0 {
		line, rest, _ := bytes.Cut(text, []byte{'\n'})
		f(line)
		text = rest
	}
}

// number reads the decimal digits that a text begins with, after blanks; 0 without any.
func number(text []byte) uint64 {
	var n uint64
	for _, c := range bytes.TrimLeft(text, " \t") {
		if c < '0' || c > '9' {
			break
		}
		n = n*10 + uint64(c-'0')
	}
	return n
}

// value finds a key of a flat-keyed file, such as memory.stat: "KEY VALUE" lines.
func value(text []byte, key string) (uint64, bool) {
	for len(text) > 0 {
		line, rest, _ := bytes.Cut(text, []byte{'\n'})
		if name, v, ok := bytes.Cut(line, []byte{' '}); ok && string(name) == key {
			return number(v), true
		}
		text = rest
	}
	return 0, false
}

// less is a-b, or 0 where b is more.
func less(a, b uint64) uint64 { return a - min(a, b) }

// pad appends a number, right-aligned.
func pad(dst []byte, n uint64, width int) []byte {
	for digits, m := 1, n; digits < width; digits++ {
		if m /= 10; m == 0 {
			dst = append(dst, ' ')
		}
	}
	return strconv.AppendUint(dst, n, 10)
}

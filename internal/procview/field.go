package procview

import (
	"bytes"
	"math"
	"strconv"
)

// None stands for "no limit".
const None = math.MaxUint64

// Limit reads a file with a limit: a number or "max". It returns None for "max" and for all text that
// is not a number.
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

// lines calls f with each line of text, without the newline.
func lines(text []byte, f func(line []byte)) {
	for len(text) > 0 {
		line, rest, _ := bytes.Cut(text, []byte{'\n'})
		f(line)
		text = rest
	}
}

// number reads the decimal digits at the beginning of text, after blanks. It returns 0 if there are
// none.
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

// value returns the value of a key of a flat-keyed file such as memory.stat, which has lines
// "KEY VALUE". It returns false if the key is missing.
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

// less returns a-b, or 0 if b is larger.
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

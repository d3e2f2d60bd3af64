// Package numberset has sets of processors and memory nodes: as libvirt and the kernel write them, and as systemd has
// them on the bus.
package numberset

import (
	"fmt"
	mathbits "math/bits"
	"strconv"
	"strings"
)

// maxNumber is above the numbers of processors and memory nodes, as in libvirt.
const maxNumber = 16384

// Set is a set of processors or memory nodes, written as the kernel writes it: "0-3,8". The numbers are in order and
// each is there once. The zero value is the empty set.
type Set string

// Parse reads the kernel's or libvirt's form of a set: "0-3,^2,8" has 0, 1, 3 and 8. It returns an error if the set is
// empty.
func Parse(text string) (Set, error) {
	text = strings.TrimSpace(text)
	var in bitmap
	for part := range strings.SplitSeq(text, ",") {
		part, without := strings.CutPrefix(strings.TrimSpace(part), "^")
		from, to, isRange := strings.Cut(part, "-")
		if !isRange {
			to = from
		}
		first, ok1 := shortNumber(from)
		last, ok2 := shortNumber(to)
		if !ok1 || !ok2 || first > last || isRange && without {
			return "", fmt.Errorf("'%.60s' is not a list of numbers below %d such as 0-3,8", text, maxNumber)
		}
		in.set(first, last, !without)
	}
	numbers := in.numbers()
	if len(numbers) == 0 {
		return "", fmt.Errorf("'%.60s' has no number", text)
	}
	return Of(numbers), nil
}

// bitmap has a bit for each number. A document may have 500,000 ranges of all numbers, so that a range must cost
// little.
type bitmap [maxNumber / 64]uint64

// set makes the numbers from first to last be in it or not.
func (b *bitmap) set(first, last int, is bool) {
	for word := first / 64; word <= last/64; word++ {
		mask := ^uint64(0)
		if word == first/64 {
			mask <<= first % 64
		}
		if word == last/64 {
			mask &= ^uint64(0) >> (63 - last%64)
		}
		if is {
			b[word] |= mask
		} else {
			b[word] &^= mask
		}
	}
}

// numbers returns what is in it, in order.
func (b *bitmap) numbers() (list []int) {
	for word, bits := range b {
		for ; bits != 0; bits &= bits - 1 {
			list = append(list, word*64+mathbits.TrailingZeros64(bits))
		}
	}
	return list
}

func shortNumber(text string) (int, bool) {
	text = strings.TrimSpace(text)
	n, err := strconv.ParseUint(text, 10, 32)
	return int(n), err == nil && n < maxNumber && text[0] != '+'
}

// Of returns the set of numbers that are in order.
func Of(numbers []int) Set {
	var parts []string
	for i := 0; i < len(numbers); {
		j := i
		for j+1 < len(numbers) && numbers[j+1] == numbers[j]+1 {
			j++
		}
		part := strconv.Itoa(numbers[i])
		if j > i {
			part += "-" + strconv.Itoa(numbers[j])
		}
		parts, i = append(parts, part), j+1
	}
	return Set(strings.Join(parts, ","))
}

// Numbers returns the numbers in order.
func (s Set) Numbers() []int {
	var list []int
	if s == "" {
		return nil
	}
	for part := range strings.SplitSeq(string(s), ",") {
		from, to, isRange := strings.Cut(part, "-")
		if !isRange {
			to = from
		}
		first, _ := strconv.Atoi(from)
		last, _ := strconv.Atoi(to)
		for n := first; n <= last; n++ {
			list = append(list, n)
		}
	}
	return list
}

// Mask returns the set as systemd has it on the bus. It is never nil.
func (s Set) Mask() []byte { return Mask(s.Numbers()) }

// Masked returns the set of a mask. It returns an error if the mask is too long.
func Masked(mask []byte) (Set, error) {
	if len(mask) > maxNumber/8 {
		return "", fmt.Errorf("%d bytes; the limit is %d", len(mask), maxNumber/8)
	}
	return Of(Numbers(mask)), nil
}

// Mask returns numbers as systemd has them on the bus: bit N%8 of byte N/8 stands for N. It is never nil.
func Mask(numbers []int) []byte {
	m := []byte{}
	for _, n := range numbers {
		for len(m) <= n/8 {
			m = append(m, 0)
		}
		m[n/8] |= 1 << (n % 8)
	}
	return m
}

// Numbers returns the numbers of a mask, in order.
func Numbers(mask []byte) []int {
	var list []int
	for i, b := range mask {
		for bit := range 8 {
			if b&(1<<bit) != 0 {
				list = append(list, i*8+bit)
			}
		}
	}
	return list
}

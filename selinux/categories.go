package selinux

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// The categories of a context without a range, and the fewest that are of use. Both are libvirt's.
const (
	lastCategory    = 1023
	leastCategories = 8
	// mostCategories bounds a range that nobody means: kernels have had 1024 categories ever since.
	mostCategories = 1 << 16
)

// categories are those that a daemon may give to containers, in ascending order, with their sensitivity.
type categories struct {
	sensitivity string
	list        []int
}

// rangeOf returns the categories of a daemon's level: "s0-s0:c0.c1023" has those of its high end. A level without
// categories stands for all.
func rangeOf(level string) (categories, error) {
	low, high, ranged := strings.Cut(level, "-")
	if !ranged {
		high = low
	}
	sensitivity, _, _ := strings.Cut(low, ":")
	if sensitivity == "" {
		return categories{}, errors.New("berthd's own context has no level: the policy has no categories")
	}
	c := categories{sensitivity: sensitivity}
	_, text, some := strings.Cut(high, ":")
	if !some {
		text = "c0.c" + strconv.Itoa(lastCategory)
	}
	for part := range strings.SplitSeq(text, ",") {
		first, last, several := strings.Cut(part, ".")
		if !several {
			last = first
		}
		from, err := category(first)
		to, terr := category(last)
		if err := errors.Join(err, terr); err != nil {
			return categories{}, fmt.Errorf("the level '%.100s' of berthd's own context: %w", level, err)
		}
		for n := from; n <= to; n++ {
			c.list = append(c.list, n)
		}
	}
	if len(c.list) < leastCategories {
		return categories{}, fmt.Errorf("the level '%.100s' of berthd's own context has %d categories; containers need at least %d", level, len(c.list), leastCategories)
	}
	return c, nil
}

func category(text string) (int, error) {
	digits, ok := strings.CutPrefix(text, "c")
	n, err := strconv.ParseUint(digits, 10, 32)
	if !ok || err != nil || n >= mostCategories {
		return 0, fmt.Errorf("'%.20s' is no category", text)
	}
	return int(n), nil
}

// pairs is how many pairs of two categories there are.
func (c categories) pairs() int { return len(c.list) * (len(c.list) - 1) / 2 }

// level returns the level of a pair, by its number from 0.
func (c categories) level(number int) string {
	first, left := 0, number
	for row := len(c.list) - 1; left >= row; row-- {
		left -= row
		first++
	}
	return fmt.Sprintf("%s:c%d,c%d", c.sensitivity, c.list[first], c.list[first+1+left])
}

// free returns a level that is not taken. It begins at a random one, and looks at each once at most.
func (c categories) free(random func(n int) int, taken func(level string) bool) (string, error) {
	all := c.pairs()
	begin := random(all)
	for i := range all {
		if level := c.level((begin + i) % all); !taken(level) {
			return level, nil
		}
	}
	return "", fmt.Errorf("all %d pairs of categories in the range of berthd's own context are in use", all)
}

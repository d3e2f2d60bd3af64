package selinux

import (
	"strings"
	"testing"
)

// TestRangeOf: the categories of a daemon are those of the high end of its level, all without any, and an error if they
// are too few or none.
func TestRangeOf(t *testing.T) {
	t.Parallel()
	for level, want := range map[string]struct {
		sensitivity string
		count       int
		first, last int
		wrong       string
	}{
		"s0":                       {sensitivity: "s0", count: 1024, last: 1023},
		"s0-s0:c0.c1023":           {sensitivity: "s0", count: 1024, last: 1023},
		"s0-s15:c0.c1023":          {sensitivity: "s0", count: 1024, last: 1023},
		"s0:c1-s0:c0.c9":           {sensitivity: "s0", count: 10, last: 9},
		"s0:c10.c17":               {sensitivity: "s0", count: 8, first: 10, last: 17},
		"s1:c0,c2,c4.c8,c20,c1023": {sensitivity: "s1", count: 9, last: 1023},
		"s0:c7":                    {wrong: "has 1 categories; containers need at least 8"},
		"s0-s0:c0.c6":              {wrong: "has 7 categories"},
		"":                         {wrong: "no level"},
		"s0:x0.c9":                 {wrong: "'x0' is no category"},
		"s0:c0.c99999999":          {wrong: "is no category"},
		"s0:c9.c0":                 {wrong: "has 0 categories"},
		"s0:":                      {wrong: "is no category"},
	} {
		got, err := rangeOf(level)
		switch {
		case want.wrong != "":
			if err == nil || !strings.Contains(err.Error(), want.wrong) {
				t.Errorf("%q: %v", level, err)
			}
		case err != nil:
			t.Errorf("%q: %v", level, err)
		case got.sensitivity != want.sensitivity || len(got.list) != want.count || got.list[0] != want.first || got.list[len(got.list)-1] != want.last:
			t.Errorf("%q: %+v", level, got)
		}
	}
}

// TestPairs: each number is another pair, of two different categories in ascending order.
func TestPairs(t *testing.T) {
	t.Parallel()
	c := categories{sensitivity: "s0", list: []int{3, 5, 7, 9, 11, 13, 15, 17, 1023}}
	seen := map[string]bool{}
	for n := range c.pairs() {
		seen[c.level(n)] = true
	}
	if len(seen) != 36 || c.level(0) != "s0:c3,c5" || c.level(7) != "s0:c3,c1023" || c.level(8) != "s0:c5,c7" || c.level(35) != "s0:c17,c1023" {
		t.Errorf("%d pairs: %v", len(seen), seen)
	}
}

// TestFree: the search for a free pair finds the last one, from wherever it begins, and ends without one.
func TestFree(t *testing.T) {
	t.Parallel()
	c := categories{sensitivity: "s0", list: []int{0, 1, 2, 3, 4, 5, 6, 7}}
	for begin := range c.pairs() {
		looked := 0
		random := func(n int) int {
			if n != 28 {
				t.Errorf("a number below %d", n)
			}
			return begin
		}
		level, err := c.free(random, func(level string) bool { looked++; return level != "s0:c6,c7" })
		if level != "s0:c6,c7" || err != nil || looked > 28 {
			t.Errorf("from %d: %q, %v after %d looks", begin, level, err, looked)
		}
		if _, err := c.free(random, func(string) bool { return true }); err == nil || !strings.Contains(err.Error(), "all 28 pairs") {
			t.Errorf("from %d: %v", begin, err)
		}
	}
}

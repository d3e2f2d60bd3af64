package numberset

import (
	"slices"
	"strings"
	"testing"
)

// TestSet: a set is read in libvirt's form, and comes back in order, without overlaps, as the same numbers.
func TestSet(t *testing.T) {
	t.Parallel()
	for text, tc := range map[string]struct {
		want    Set
		numbers []int
	}{
		"0":                     {"0", []int{0}},
		" 3 , 1 - 2 ":           {"1-3", []int{1, 2, 3}},
		"0-3,^2,8":              {"0-1,3,8", []int{0, 1, 3, 8}},
		"^2,2":                  {"2", []int{2}},
		"5,5,4-6":               {"4-6", []int{4, 5, 6}},
		"16383,0":               {"0,16383", []int{0, 16383}},
		"0-1,2-3,5-6":           {"0-3,5-6", []int{0, 1, 2, 3, 5, 6}},
		"007":                   {"7", []int{7}},
		"62-65,^63,^64,126-129": {"62,65,126-129", []int{62, 65, 126, 127, 128, 129}},
		"1,\n\t2, 9,7":          {"1-2,7,9", []int{1, 2, 7, 9}},
	} {
		got, err := Parse(text)
		masked, merr := Masked(got.Mask())
		if masked != got || merr != nil {
			t.Errorf("%q through a mask is %q, %v", got, masked, merr)
		}
		if err != nil || got != tc.want || !slices.Equal(got.Numbers(), tc.numbers) {
			t.Errorf("%q is %q, %v, %v; want %q", text, got, got.Numbers(), err, tc.want)
		}
	}
	if set, err := Masked(make([]byte, 2049)); err == nil {
		t.Errorf("a mask that is too long is %q", set)
	}
	for _, text := range []string{"", "a", "1-", "3-1", "^1", "^1-2", "16384", "+1", "0,,1"} {
		if set, err := Parse(text); err == nil {
			t.Errorf("%q is %q", text, set)
		}
	}
	if list := Set("").Numbers(); list != nil {
		t.Errorf("the empty set has %v", list)
	}
}

// TestManyRanges: a definition's worth of ranges of all numbers is one set. It took minutes when each number cost
// something.
func TestManyRanges(t *testing.T) {
	t.Parallel()
	if got, err := Parse(strings.Repeat("0-16383,", 400_000) + "^1"); err != nil || got != "0,2-16383" {
		t.Errorf("%q, %v", got, err)
	}
}

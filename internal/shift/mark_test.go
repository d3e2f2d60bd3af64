package shift

import (
	"encoding/hex"
	"strings"
	"testing"
)

// TestMark: the mark of a map is its base, in four bytes, or all of its ranges, and says which map it was.
func TestMark(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		m    Map
		want string // "" for any
	}{
		"from an id":    {From(0x01020304), "04030201"},
		"from the last": {From(1<<32 - 2), "feffffff"},
		"shorter": {
			Map{UIDs: []Range{{0, 100000, 10}}, GIDs: []Range{{0, 200000, 65536}}},
			"01000000" + "00000000a08601000a000000" + "00000000400d030000000100",
		},
		"holes": {twice(), ""},
	} {
		mark := tc.m.Mark()
		got, err := ParseMark(mark)
		if err != nil || !got.Same(tc.m) || tc.want != "" && hex.EncodeToString(mark) != tc.want {
			t.Errorf("%s: %x is %v, %v", name, mark, got, err)
		}
	}
}

// TestMarkRefused: what is no mark tells of no map, and an unshift by it would not do: but it is a mark.
func TestMarkRefused(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{
		"empty":          "",
		"three bytes":    "a08601",
		"torn":           "01000000" + "00000000a08601000a000000" + "0000",
		"no groups":      "01000000" + "00000000a08601000a000000",
		"no users":       "00000000" + "00000000a08601000a000000",
		"too many users": "ffffffff" + "00000000a08601000a000000" + "00000000a08601000a000000",
		"base 0":         "00000000",
		"base 1000":      "e8030000",
		"no id":          "ffffffff",
		"empty range":    "01000000" + "00000000a086010000000000" + "00000000400d030000000100",
		"over the end":   "01000000" + "00000000ffffffff0a000000" + "00000000400d030000000100",
		"huge":           strings.Repeat("00", 4+12*2000),
	} {
		if m, err := ParseMark(unhex(t, value)); err == nil || m.UIDs != nil {
			t.Errorf("%s: %v, %v", name, m, err)
		}
		if v := JudgeMark(unhex(t, value)); v.State != Interrupted || v.Mark.UIDs != nil {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

// FuzzMark: a value is refused, or the mark of a map that can be taken back.
func FuzzMark(f *testing.F) {
	for _, m := range []Map{From(100000), twice()} {
		f.Add(m.Mark())
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		m, err := ParseMark(value)
		if err != nil {
			return
		}
		if again, err := ParseMark(m.Mark()); err != nil || !again.Same(m) || m.Reversible() != nil {
			t.Errorf("%x is %v, %v", value, m, err)
		}
	})
}

// TestInterruptedError: the error says by which ids, and what goes on with it: for a root, a volume, and an image.
func TestInterruptedError(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		e     InterruptedError
		wants []string
	}{
		{InterruptedError{Map: From(300000), Name: "a b"}, []string{"begin at 300000 was interrupted", "'berthctl unshift 'a b'' goes on"}},
		{InterruptedError{Path: "/srv/it's"}, []string{"an unshift of it was interrupted", `'berthctl unshift --path '/srv/it'\''s'' goes on`}},
		{InterruptedError{Map: From(300000)}, []string{"mount the image"}},
	} {
		for _, want := range tc.wants {
			if !strings.Contains(tc.e.Error(), want) {
				t.Errorf("no %q in %q", want, tc.e.Error())
			}
		}
	}
}

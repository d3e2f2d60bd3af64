package idrange

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestParsePool: a pool is whole ranges of 65,536 ids between the first and the last, and each
// fault is named.
func TestParsePool(t *testing.T) {
	t.Parallel()
	if p, err := ParsePool(Default().String()); err != nil || p != Default() {
		t.Errorf("the default: %v, %v", p, err)
	}
	for text, want := range map[string]string{
		"65536-131071":          "",
		"65536-4294901759":      "",
		"":                      "two ids",
		"524288":                "two ids",
		"524288-":               "two ids",
		"-524288":               "two ids",
		"a-b":                   "two ids",
		"524288 - 1879048191":   "two ids",
		"65536-131071-9":        "two ids",
		"524288-99999999999":    "two ids",
		"524289-1879048191":     "a multiple",
		"524288-1879048192":     "a multiple",
		"131072-65535":          "before it begins",
		"0-65535":               "between 65536 and 4294901759",
		"4294901760-4294967295": "between 65536 and 4294901759",
	} {
		_, err := ParsePool(text)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestOverlaps: two spans overlap when they share an id, whichever is asked.
func TestOverlaps(t *testing.T) {
	t.Parallel()
	a := Span{10, 20}
	for b, want := range map[Span]bool{
		{0, 9}: false, {0, 10}: true, {20, 30}: true, {21, 30}: false, {12, 15}: true, {0, 1<<32 - 1}: true,
	} {
		if a.Overlaps(b) != want || b.Overlaps(a) != want {
			t.Errorf("%v and %v: not %v", a, b, want)
		}
	}
}

// TestAllocate: each range that is given is free, and ErrExhausted comes only when none is.
func TestAllocate(t *testing.T) {
	t.Parallel()
	pool := Span{10 * Size, 20*Size - 1}
	for name, tc := range map[string]struct {
		taken []Span
		free  int
	}{
		"empty":                      {nil, 10},
		"outside":                    {[]Span{{0, 10*Size - 1}, {20 * Size, 1<<32 - 1}}, 10},
		"one id of the first":        {[]Span{{10 * Size, 10 * Size}}, 9},
		"the last id of the first":   {[]Span{{11*Size - 1, 11*Size - 1}}, 9},
		"the last id of the pool":    {[]Span{{20*Size - 1, 20*Size - 1}}, 9},
		"a crooked range":            {[]Span{{10*Size + 5, 11*Size + 4}}, 8},
		"from before, into it":       {[]Span{{0, 12 * Size}}, 7},
		"from it, to the end of all": {[]Span{{12 * Size, 1<<32 - 1}}, 2},
		"twice the same":             {[]Span{{12 * Size, 12 * Size}, {12 * Size, 13*Size - 1}}, 9},
		"everything":                 {[]Span{{0, 1<<32 - 1}}, 0},
	} {
		taken := tc.taken
		for n := 0; ; n++ {
			got, err := Allocate(pool, taken, fmt.Append(nil, n))
			if err != nil {
				if !errors.Is(err, ErrExhausted) || n != tc.free {
					t.Errorf("%s: %d given, then %v", name, n, err)
				}
				break
			}
			if got.First%Size != 0 || got.Last-got.First != Size-1 || got.First < pool.First || got.Last > pool.Last {
				t.Fatalf("%s: %v is no range of %v", name, got, pool)
			}
			for _, other := range taken {
				if got.Overlaps(other) {
					t.Fatalf("%s: %v overlaps %v", name, got, other)
				}
			}
			taken = append(taken, got)
		}
	}
}

// TestAllocateIsSteady: the same seed gets the same range, also in the widest pool.
func TestAllocateIsSteady(t *testing.T) {
	t.Parallel()
	for _, pool := range []Span{Default(), {Size, 1<<32 - Size - 1}} {
		a, err := Allocate(pool, nil, []byte("a"))
		b, err2 := Allocate(pool, nil, []byte("b"))
		again, err3 := Allocate(pool, []Span{b}, []byte("a"))
		if a == b || a != again || err != nil || err2 != nil || err3 != nil {
			t.Errorf("%v: %v, %v, %v", pool, a, b, again)
		}
	}
}

// TestSubordinate: each readable line of /etc/subuid is a span, and no other.
func TestSubordinate(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]Span{
		"":                                      nil,
		"alice:100000:65536\nbob:165536:65536":  {{100000, 165535}, {165536, 231071}},
		"1000:100000:1\r\n\n":                   {{100000, 100000}},
		"alice: 100000:+2":                      {{100000, 100001}},
		"# alice:1:1:\nalice:100000\nalice:a:b": nil,
		"a:1:0":                                 nil,
		"a:-1:5\na:5:-1":                        nil,
		"a:4294967295:1":                        {{4294967295, 4294967295}},
		"a:4294967296:1":                        nil,
		"a:4294967290:100":                      {{4294967290, 4294967295}},
		"a:0:18446744073709551615":              {{0, 4294967295}},
		"a:18446744073709551615:18446744073709551615": nil,
	} {
		if diff := cmp.Diff(want, Subordinate(text)); diff != "" {
			t.Errorf("%q: -want +got\n%s", text, diff)
		}
	}
}

// TestAccounts: the numeric ids of each line of passwd or group are taken.
func TestAccounts(t *testing.T) {
	t.Parallel()
	const passwd = "root:x:0:0:root:/root:/bin/sh\n+::::::\nvm:x:600000:600001::/:/bin/false\nshort:x\nodd:x:-1:4294967296:::\n"
	if diff := cmp.Diff([]Span{{0, 0}, {0, 0}, {600000, 600000}, {600001, 600001}}, Accounts(passwd, 2, 3)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if diff := cmp.Diff([]Span{{7, 7}}, Accounts("lp:x:7:a,b\n", 2)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// FuzzSubordinate: no range is given out of a span of /etc/subuid, whatever the file has.
func FuzzSubordinate(f *testing.F) {
	f.Add("alice:524288:65536\nbob:589824:65536\n")
	f.Add("a:4294967290:100")
	f.Add("a: +1:18446744073709551615\n#\n:::\n")
	f.Fuzz(func(t *testing.T, text string) {
		spans := Subordinate(text)
		if len(spans) > strings.Count(text, "\n")+1 {
			t.Errorf("%d spans of %q", len(spans), text)
		}
		for _, s := range spans {
			if s.First > s.Last {
				t.Errorf("%q gives %v", text, s)
			}
		}
		got, err := Allocate(Span{524288, 524288 + 8*Size - 1}, spans, []byte(text))
		for _, s := range spans {
			if err == nil && got.Overlaps(s) {
				t.Errorf("%q: %v is given out of %v", text, got, s)
			}
		}
	})
}

package pack

import (
	"slices"
	"testing"
)

// TestRoundTrip: each type of value is read as it was written.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	var w Writer
	w.U8(7)
	w.U32(1 << 31)
	w.U64(1 << 63)
	w.Bool(true)
	w.String("ünï\x00")
	w.U32(2) // a list of two bytes
	w.U8(1)
	w.U8(2)
	r := NewReader(w.Bytes())
	if got := r.U8(); got != 7 {
		t.Errorf("U8: %d", got)
	}
	if got := r.U32(); got != 1<<31 {
		t.Errorf("U32: %d", got)
	}
	if got := r.U64(); got != 1<<63 {
		t.Errorf("U64: %d", got)
	}
	if !r.Bool() {
		t.Error("Bool: false")
	}
	if got := r.String(); got != "ünï\x00" {
		t.Errorf("String: %q", got)
	}
	if got := r.Count(1); got != 2 || r.U8() != 1 || r.U8() != 2 {
		t.Errorf("Count: %d", got)
	}
	if err := r.End(); err != nil {
		t.Errorf("End: %v", err)
	}
}

// TestFaults: bytes that are cut short or too many are an error, and a huge count is refused before
// it costs memory.
func TestFaults(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		b    []byte
		read func(*Reader)
		want error
	}{
		"empty":            {nil, func(r *Reader) { r.U8() }, errShort},
		"number cut":       {[]byte{1, 2, 3}, func(r *Reader) { r.U32() }, errShort},
		"string cut":       {[]byte{9, 0, 0, 0, 'a'}, func(r *Reader) { _ = r.String() }, errShort},
		"list cut":         {[]byte{2, 0, 0, 0, 1}, func(r *Reader) { r.Count(1) }, errShort},
		"huge list":        {[]byte{255, 255, 255, 255, 1}, func(r *Reader) { r.Count(12) }, errShort},
		"trailing":         {[]byte{1, 2}, func(r *Reader) { r.U8() }, errTrailing},
		"fault is kept":    {[]byte{9, 0, 0, 0, 'a'}, func(r *Reader) { _ = r.String(); r.U8() }, errShort},
		"all read, no end": {[]byte{1}, func(r *Reader) { r.U8() }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := NewReader(tc.b)
			tc.read(r)
			if got := r.End(); got != tc.want { //nolint:errorlint // unwrapped sentinels
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

// TestGrowing: of a form that grows at its end, values that are missing are zero and those that are too many are
// left over. A value that is cut is an error as ever.
func TestGrowing(t *testing.T) {
	t.Parallel()
	type values struct {
		a uint8
		b uint32
		s string
		n int
		c bool
		d uint64
	}
	var w Writer
	w.U8(7)
	w.U32(1 << 31)
	w.String("xy")
	w.U32(1) // a list of one byte
	w.U8(9)
	w.Bool(true)
	w.U64(1 << 63)
	whole := w.Bytes()
	for name, tc := range map[string]struct {
		b    []byte
		want values
		err  error
	}{
		"whole":                  {whole, values{7, 1 << 31, "xy", 1, true, 1 << 63}, nil},
		"newer":                  {append(slices.Clip(whole), 1, 2, 3), values{7, 1 << 31, "xy", 1, true, 1 << 63}, nil},
		"without the last":       {whole[:len(whole)-8], values{7, 1 << 31, "xy", 1, true, 0}, nil},
		"without the list":       {whole[:11], values{7, 1 << 31, "xy", 0, false, 0}, nil},
		"without the text":       {whole[:5], values{7, 1 << 31, "", 0, false, 0}, nil},
		"nothing":                {nil, values{}, nil},
		"the last is cut":        {whole[:len(whole)-1], values{7, 1 << 31, "xy", 1, true, 0}, errShort},
		"the list is cut":        {whole[:15], values{7, 1 << 31, "xy", 0, false, 0}, errShort},
		"the list's length, too": {whole[:13], values{7, 1 << 31, "xy", 0, false, 0}, errShort},
		"the text is cut":        {whole[:10], values{7, 1 << 31, "", 0, false, 0}, errShort},
		"the number is cut":      {whole[:4], values{7, 0, "", 0, false, 0}, errShort},
		"a text of 4 GiB":        {append([]byte{7, 0, 0, 0, 0}, 255, 255, 255, 255), values{a: 7}, errShort},
		"a list of 4 G":          {append([]byte{7, 0, 0, 0, 0, 0, 0, 0, 0}, 255, 255, 255, 255), values{a: 7}, errShort},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := NewGrowing(tc.b)
			got := values{a: r.U8(), b: r.U32(), s: r.String(), n: r.Count(1)}
			for range got.n {
				r.U8()
			}
			got.c, got.d = r.Bool(), r.U64()
			if err := r.End(); err != tc.err { //nolint:errorlint // unwrapped sentinels
				t.Errorf("End: %v, want %v", err, tc.err)
			}
			if tc.err == nil && got != tc.want || got.a != tc.want.a {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

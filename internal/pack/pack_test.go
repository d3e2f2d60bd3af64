package pack

import (
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

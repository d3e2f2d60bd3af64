package console

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestRing: the ring keeps the last 64 KiB, however they were written.
func TestRing(t *testing.T) {
	t.Parallel()
	line := func(n int) []byte { return bytes.Repeat([]byte{byte('a' + n%26)}, 1000) }
	for name, tc := range map[string]struct {
		writes []int // how many bytes each, of a running pattern
	}{
		"nothing":          {nil},
		"a little":         {[]int{5}},
		"one byte short":   {[]int{Size - 1}},
		"exactly full":     {[]int{Size}},
		"one over":         {[]int{Size, 1}},
		"many small":       {[]int{1000, 3000, 70, 64000, 12, 9999}},
		"larger than ring": {[]int{3*Size + 17}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := os.Create(filepath.Join(t.TempDir(), "ring"))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = f.Close() }()
			r := NewRing(f)
			var all []byte
			for i, n := range tc.writes {
				p := bytes.Repeat(line(i), n/1000+1)[:n]
				all = append(all, p...)
				if got, err := r.Write(p); got != n || err != nil {
					t.Fatalf("write: %d, %v", got, err)
				}
			}
			want := all[max(0, len(all)-Size):]
			if got := piecewise(t, r, uint64(len(all)-len(want))); !bytes.Equal(got, want) {
				t.Errorf("read %d bytes piece by piece, want %d", len(got), len(want))
			}
			got, err := Read(f)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("read %d bytes, %v; want %d", len(got), err, len(want))
			}
		})
	}
}

// piecewise reads a ring from the beginning of all output to the end. The first byte that is kept is at first.
func piecewise(t *testing.T, r *Ring, first uint64) (got []byte) {
	t.Helper()
	buf := make([]byte, 5000)
	for next := uint64(0); ; {
		n, at, err := r.ReadAt(buf, next)
		if n == 0 {
			return got
		}
		if want := max(next, first); at != want || err != nil {
			t.Fatalf("read at %d instead of %d: %v", at, want, err)
		}
		got, next = append(got, buf[:n]...), at+uint64(n)
	}
}

// overwriting is a file whose writer goes on between the reader's two looks.
type overwriting struct {
	*os.File
	looks int
	then  func()
}

func (o *overwriting) ReadAt(p []byte, off int64) (int, error) {
	if off == 0 {
		if o.looks++; o.looks == 2 {
			o.then()
		}
	}
	return o.File.ReadAt(p, off)
}

// TestReadLeavesOutWhatWasOverwritten: a read beside a write leaves out what was overwritten
// meanwhile.
func TestReadLeavesOutWhatWasOverwritten(t *testing.T) {
	t.Parallel()
	f, err := os.Create(filepath.Join(t.TempDir(), "ring"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	r := NewRing(f)
	_, _ = r.Write(bytes.Repeat([]byte{'o'}, Size))
	got, err := Read(&overwriting{File: f, then: func() { _, _ = r.Write(make([]byte, 100)) }})
	if err != nil || len(got) != Size-100 {
		t.Errorf("read %d bytes, %v; want %d", len(got), err, Size-100)
	}
}

package fuse

import (
	"bytes"
	"math/rand/v2"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

// TestRead: a reader gets one moment's text, whatever parts it reads it in, and a new text when it
// begins again.
func TestRead(t *testing.T) {
	t.Parallel()
	s := counting()
	a, other := open(t, s), open(t, s)
	for _, c := range []struct {
		handle, offset uint64
		size           uint32
		want           string
	}{
		{other, 0, 4, "text"}, // the one that was measured last
		{other, 4, 100, " 2\n"},
		{other, 7, 100, ""},
		{other, 0, 100, "text 3\n"},
		{a, 0, 3, "tex"},
		{other, 0, 100, "text 4\n"},
		{a, 3, 100, "t 3\n"},
		{a, 1 << 62, 1, ""},
		{other, 5, 1, "4"},
		{1234, 5, 100, "4\n"}, // began in the middle
		{a, 0, 100, "text 5\n"},
		{1234, 6, 100, "\n"},
	} {
		if got := read(t, s, c.handle, c.offset, c.size); got != c.want {
			t.Errorf("read %d at %d: %q, want %q", c.handle, c.offset, got, c.want)
		}
	}
}

// TestFirstReadIsFresh: who reads a file that was opened long ago gets the text of now.
func TestFirstReadIsFresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := counting()
		handle := open(t, s)
		time.Sleep(freshness)
		if got := read(t, s, handle, 0, 100); got != "text 2\n" {
			t.Errorf("%q", got)
		}
	})
}

// TestSizeIsTheText: of two who open a file at the same time, each gets a text of the size that the kernel was told
// first, also if the figures would be longer by now. Of the same length, each gets that of its own moment.
func TestSizeIsTheText(t *testing.T) {
	t.Parallel()
	for name, length := range map[string]int{"short": 0, "of two batches": batchBytes} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := 8
				s := serving(func(dst []byte) []byte {
					n++
					return append(append(dst, make([]byte, length)...), strconv.Itoa(n)...)
				})
				one, other := open(t, s), open(t, s) // 9, and 10 would be longer
				for _, handle := range []uint64{one, other} {
					if got := read(t, s, handle, 0, 2*batchBytes)[length:]; got != "9" {
						t.Errorf("%q, and the size is that of 9", got)
					}
					release(t, s, handle)
				}
				time.Sleep(freshness)
				one, other = open(t, s), open(t, s)
				a, b := read(t, s, one, 0, 2*batchBytes), read(t, s, other, 0, 2*batchBytes)
				if len(a) != length+2 || len(b) != length+2 || a[length:] == "9" {
					t.Errorf("%q and %q later", a[length:], b[length:])
				}
			})
		})
	}
}

// TestReadersGoFirst: who has read a file to its end and keeps it open takes no room from others, and may
// begin again.
func TestReadersGoFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		s := serving(func(dst []byte) []byte {
			n++
			return append(append(dst, make([]byte, 2000)...), strconv.Itoa(n)...)
		})
		var handles []uint64
		for range 2000 {
			time.Sleep(freshness)
			handle := open(t, s)
			handles = append(handles, handle)
			if text := read(t, s, handle, 0, 4096); text[2000:] != strconv.Itoa(n) {
				t.Fatalf("%q", text[2000:])
			}
		}
		for _, h := range handles {
			if got := read(t, s, h, 2010, 10); got != "" {
				t.Fatalf("after the end: %q", got)
			}
			time.Sleep(freshness)
			if text := read(t, s, h, 0, 4096); text[2000:] != strconv.Itoa(n) {
				t.Fatalf("again: %q, now %d", text[2000:], n)
			}
		}
	})
}

// TestRandomReaders: whatever readers do, each gets whole texts, and who begins later never gets an
// earlier moment.
func TestRandomReaders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(1, 2))
		moment := 0
		s := serving(func(dst []byte) []byte { // each part of a text says its moment
			moment++
			for range 20 + moment%50 {
				dst = append(dst, byte(moment), byte(moment>>8), byte(moment>>16))
			}
			return dst
		})
		begun := 0
		got := map[uint64][]byte{}
		for range 100_000 {
			time.Sleep(time.Duration(random.IntN(20)) * time.Millisecond)
			if random.IntN(3) == 0 && len(got) < 200 {
				got[open(t, s)] = nil
			}
			for handle, text := range got { // any one
				if random.IntN(10) == 0 {
					text = nil // it begins again
				}
				part := read(t, s, handle, uint64(len(text)), uint32(3+random.IntN(100)))
				if len(text) == 0 {
					begun = notBefore(t, part, begun)
				}
				got[handle] = append(text, part...)
				if part == "" || random.IntN(40) == 0 {
					whole(t, got[handle], part == "")
					release(t, s, handle)
					delete(got, handle)
				}
				break
			}
		}
	})
}

// momentOf returns the moment of a text, which its first part says.
func momentOf(text []byte) int { return int(text[0]) | int(text[1])<<8 | int(text[2])<<16 }

func notBefore(t *testing.T, part string, begun int) int {
	t.Helper()
	m := momentOf([]byte(part))
	if m < begun {
		t.Fatalf("moment %d after %d", m, begun)
	}
	return m
}

// whole checks a text as far as its reader got.
func whole(t *testing.T, text []byte, end bool) {
	t.Helper()
	all := bytes.Repeat(text[:3], 20+momentOf(text)%50)
	if !bytes.HasPrefix(all, text) || end && len(text) != len(all) {
		t.Fatalf("moment %d has other bytes, or %d of %d", momentOf(text), len(text), len(all))
	}
}

// TestServingLeavesNoGarbage: to open a file, read it and close it allocates nothing, since the collector costs
// more memory than the whole supervisor.
func TestServingLeavesNoGarbage(t *testing.T) {
	line := bytes.Repeat([]byte("a line\n"), 200)
	s := serving(func(dst []byte) []byte { return append(dst, line...) })
	handle := order.AppendUint64(make([]byte, 0, 24), 0)
	bodies := map[uint32][]byte{opGetattr: nil, opOpen: make([]byte, 8), opRead: readBody(0, 0, 4096), opRelease: handle[:24]}
	once := func() {
		for _, opcode := range []uint32{opGetattr, opOpen, opRead, opRead, opRelease} {
			if opcode != opOpen && opcode != opGetattr {
				order.PutUint64(bodies[opcode], s.handles)
			}
			s.handle(request{opcode: opcode, node: firstNode, body: bodies[opcode]})
		}
	}
	if n := testing.AllocsPerRun(100, once); n > 0 {
		t.Errorf("%v allocations", n)
	}
	if len(s.texts.readers) != 0 || s.texts.held != 0 {
		t.Errorf("%d readers are left", len(s.texts.readers))
	}
}

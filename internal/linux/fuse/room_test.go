package fuse

import (
	"errors"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"
)

// used counts the memory of the readers and their texts.
func used(s *Server) int {
	seen := map[*text]bool{nil: true}
	sum := readerBytes * len(s.texts.readers)
	for _, r := range s.texts.readers {
		if !seen[r.text] {
			sum += cap(r.text.bytes)
		}
		seen[r.text] = true
	}
	return sum
}

// TestRoomIsBounded: the memory has a bound however many files are open, read to whatever place, and
// however long they are. Whoever reads a file at once is served all the same. What is left without a
// reader is little.
func TestRoomIsBounded(t *testing.T) {
	t.Parallel()
	for length, readers := range map[int]int{20: 12_000, 1500: 4000, 90 << 10: 300, 400 << 10: 100} {
		synctest.Test(t, func(t *testing.T) { fill(t, length, readers) })
	}
}

func fill(t *testing.T, length, readers int) {
	t.Helper()
	s := serving(func(dst []byte) []byte { return append(dst, make([]byte, length)...) })
	limit := max(roomBytes, roomTexts*(length+length/4+64))
	var handles []uint64
	refused := 0
	for i := range readers {
		time.Sleep(freshness / 10)
		handle := open(t, s)
		handles = append(handles, handle)
		if _, errno := ask(t, s, opRead, firstNode, readBody(handle, 0, 10)); errors.Is(errno, unix.ENOMEM) {
			refused++
		}
		if i%(readers/20) == 0 && (used(s) > limit || used(s) != s.texts.held) {
			t.Fatalf("%d files of %d bytes: %d bytes are used, counted %d, at most %d", i, length, used(s), s.texts.held, limit)
		}
	}
	if refused == 0 {
		t.Errorf("%d readers of %d bytes: nobody was refused", readers, length)
	}
	whole := open(t, s)
	if text := read(t, s, whole, 0, uint32(length)); len(text) != length || read(t, s, whole, uint64(length), 10) != "" {
		t.Errorf("a reader of all gets %d of %d bytes", len(text), length)
	}
	for _, h := range append(handles, whole) {
		release(t, s, h)
	}
	left := used(s)
	for _, b := range s.texts.spare {
		left += cap(b.bytes)
	}
	if left > spareBytes*spareCount || s.texts.held != 0 || s.texts.done != 0 {
		t.Errorf("%d bytes are left, counted %d", left, s.texts.held)
	}
}

// TestRoomForRoot: other users cannot take all the room, and root is served when they have taken theirs.
func TestRoomForRoot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serving(func(dst []byte) []byte { return append(dst, make([]byte, 2000)...) })
		if !s.isRoot(s.UID) || !s.isRoot(0) || s.isRoot(1000) {
			t.Error("root is the container's or the host's, and nobody else")
		}
		var errno unix.Errno
		for handle := uint64(1 << 20); errno == 0; handle++ {
			time.Sleep(freshness)
			_, errno = askAs(t, s, 1000, opRead, firstNode, readBody(handle, 0, 10))
		}
		if !errors.Is(errno, unix.ENOMEM) {
			t.Error(errno)
		}
		for range 100 {
			time.Sleep(freshness)
			read(t, s, open(t, s), 0, 10)
		}
	})
}

// TestLongTextGoes: a long text is kept for overlap after its size was told, so that those who were told it and open
// the file when all others have closed it get that text. Then it goes.
func TestLongTextGoes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 8
		s := serving(func(dst []byte) []byte {
			n++
			return append(append(dst, make([]byte, 2*spareBytes)...), strconv.Itoa(n)...)
		})
		one := open(t, s)
		read(t, s, one, 0, 4096)
		time.Sleep(overlap / 2)
		if _, errno := ask(t, s, opGetattr, firstNode, nil); errno != 0 { // another one begins to open it
			t.Fatal(errno)
		}
		time.Sleep(overlap - 1)
		release(t, s, one)
		if got := read(t, s, 1234, 2*spareBytes, 10); got != "9" {
			t.Errorf("%q, and the size was that of 9", got)
		}
		release(t, s, 1234)
		if at := s.texts.tidy(); s.texts.latest[0] == nil || !at.Equal(time.Now().Add(1)) {
			t.Errorf("it is kept until %v, now %v", at, time.Now())
		}
		time.Sleep(time.Nanosecond)
		if at := s.texts.tidy(); !at.IsZero() || s.texts.latest[0] != nil || len(s.texts.spare) > 0 {
			t.Errorf("it is kept until %v", at)
		}
	})
}

// TestLongTextIsShared: who opens a long file while another reads it gets that text, so that the page cache,
// which both use in sendfile(2), has one moment only. Each has the time of overlap for it, and it gets no older than
// freshness.
func TestLongTextIsShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		s := serving(func(dst []byte) []byte {
			n++
			return append(append(dst, make([]byte, batchBytes)...), strconv.Itoa(n)...)
		})
		openOne := func() uint64 {
			handle := open(t, s)
			read(t, s, handle, 0, 100)
			return handle
		}
		var handles []uint64
		for age := time.Duration(0); age < freshness; age += overlap - 1 {
			handles = append(handles, openOne())
			time.Sleep(overlap - 1)
		}
		for i, handle := range append(handles, openOne()) {
			want := "1"
			if i == len(handles) {
				want = "2"
			}
			if got := read(t, s, handle, batchBytes, 10); got != want {
				t.Errorf("reader %d of %d, at the end: %q, want %q", i, len(handles), got, want)
			}
			release(t, s, handle)
		}
		one := openOne()
		if got := read(t, s, one, batchBytes, 10); got != "3" {
			t.Errorf("nobody has it open, and it is not made anew: %q", got)
		}
		time.Sleep(overlap)
		if got := read(t, s, openOne(), batchBytes, 10); got != "4" {
			t.Errorf("who still has it open keeps it for others: %q", got)
		}
	})
}

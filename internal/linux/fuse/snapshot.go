package fuse

import (
	"slices"
	"time"
)

// snapshotCount and snapshotBytes bound what is kept for readers that read on.
const (
	snapshotCount = 8
	snapshotBytes = 64 << 10
)

// snapshots are the texts that were begun last, each of one open file. A reader of one that had to
// give way reads on in the text of that later moment: bounded memory goes before that.
type snapshots struct {
	list [snapshotCount]snapshot
	next int
}

type snapshot struct {
	handle uint64 // 0: none
	fresh  bool   // nobody has read it
	made   time.Time
	text   []byte // its room is used again
}

// measured, with a node's number, is the handle of a text whose size was told, for the file's next
// opener, who comes within freshness: the kernel asks for the size when it opens.
const (
	measured  = 1 << 63
	freshness = 50 * time.Millisecond
)

func (s *snapshots) find(handle uint64) *snapshot {
	for i := range s.list {
		if s.list[i].handle == handle {
			return &s.list[i]
		}
	}
	return nil
}

// open gives the text that was measured to a new handle, or makes one.
func (s *snapshots) open(handle, measured uint64, content func([]byte) []byte) {
	if t := s.find(measured); t != nil && time.Since(t.made) < freshness {
		t.handle, t.fresh = handle, true
		return
	}
	s.put(handle, content)
}

// read gives the text of a handle: the one of when it was opened, and at each later beginning, a new one.
func (s *snapshots) read(handle uint64, begin bool, content func([]byte) []byte) []byte {
	t := s.find(handle)
	if t == nil || begin && !t.fresh {
		text := s.put(handle, content)
		t = s.find(handle)
		t.fresh = false
		return text
	}
	t.fresh = false
	return t.text
}

// put makes a text for a handle: in its own place, or in that of the oldest.
func (s *snapshots) put(handle uint64, content func([]byte) []byte) []byte {
	at := slices.IndexFunc(s.list[:], func(t snapshot) bool { return t.handle == handle })
	if at < 0 {
		at = s.free()
	}
	s.list[at] = snapshot{handle, true, time.Now(), content(s.list[at].text[:0])}
	s.trim(at)
	return s.list[at].text
}

// free finds an unused place, first one that has room already, or takes the oldest.
func (s *snapshots) free() int {
	at := -1
	for i := range s.list {
		if s.list[i].handle == 0 && (at < 0 || cap(s.list[i].text) > cap(s.list[at].text)) {
			at = i
		}
	}
	if at < 0 {
		at = s.next
		s.next = (s.next + 1) % snapshotCount
	}
	return at
}

// trim gives memory back, other places first, until all is within the bound or only one is left.
func (s *snapshots) trim(but int) {
	total := 0
	for i := range s.list {
		total += cap(s.list[i].text)
	}
	for i := range s.list {
		if total > snapshotBytes && i != but {
			total -= cap(s.list[i].text)
			s.list[i] = snapshot{}
		}
	}
}

// drop forgets a text, and keeps its room for the next one unless that alone is beyond the bound.
func (s *snapshots) drop(handle uint64) {
	if t := s.find(handle); t != nil {
		t.handle = 0
		if cap(t.text) > snapshotBytes {
			t.text = nil
		}
	}
}

package fuse

import (
	"slices"
	"time"
)

// snapshotCount and snapshotBytes limit the texts that are kept for readers that go on reading.
const (
	snapshotCount = 8
	snapshotBytes = 64 << 10
)

// snapshots holds the latest texts, each of one open file. If a text was dropped to bound the memory,
// its reader goes on in a newer text.
type snapshots struct {
	list [snapshotCount]snapshot
	next int
}

type snapshot struct {
	handle uint64 // 0 means unused
	fresh  bool   // nobody has read it yet
	made   time.Time
	text   []byte // its memory is used again
}

// When the kernel opens a file it first asks for the size, which makes a text. The handle of that text
// is measured|node. The file's next opener gets it, if that comes within freshness.
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

// open gives the measured text to a new handle, or makes a new text for it.
func (s *snapshots) open(handle, measured uint64, content func([]byte) []byte) {
	if t := s.find(measured); t != nil && time.Since(t.made) < freshness {
		t.handle, t.fresh = handle, true
		return
	}
	s.put(handle, content)
}

// read returns the text of a handle. The first read from the beginning gets the text of the opening.
// Each later read from the beginning gets a new text.
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

// put makes a text for a handle. It replaces the handle's own text, or else uses a free place.
func (s *snapshots) put(handle uint64, content func([]byte) []byte) []byte {
	at := slices.IndexFunc(s.list[:], func(t snapshot) bool { return t.handle == handle })
	if at < 0 {
		at = s.free()
	}
	s.list[at] = snapshot{handle, true, time.Now(), content(s.list[at].text[:0])}
	s.trim(at)
	return s.list[at].text
}

// free returns an unused place, preferably one with the most memory, or else the next place in turn.
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

// trim frees the texts of places other than but, until the memory is below snapshotBytes.
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

// drop forgets the text of a handle. It keeps the memory for the next text, unless that alone is
// above snapshotBytes.
func (s *snapshots) drop(handle uint64) {
	if t := s.find(handle); t != nil {
		t.handle = 0
		if cap(t.text) > snapshotBytes {
			t.text = nil
		}
	}
}

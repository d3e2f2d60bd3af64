package fuse

import (
	"time"

	"golang.org/x/sys/unix"
)

const (
	// roomBytes limits the memory of readers and their texts, unless roomTexts of the longest text need more.
	roomBytes = 1 << 20
	roomTexts = 8
	// readerBytes is about the memory of one reader, in bytes.
	readerBytes = 96
	// spareBytes is the largest text that is kept without a reader, and spareCount the number of further
	// buffers for texts: most reads allocate nothing.
	spareBytes = 16 << 10
	spareCount = 4
	// freshness is how long the latest text serves an open file that is read for the first time. The kernel
	// asks for the size when it opens a file, which makes a text. A reader by sendfile(2) must get that text,
	// however busy the machine is.
	freshness = time.Second
	// sendfile(2) reads from the page cache, which all open files share, at most batchBytes at once. Between
	// two batches a longer text could become another's. So while somebody reads one, those who open the file
	// get it too: each has overlap to read it, unless it becomes as old as freshness meanwhile. A text is kept
	// for overlap after its size was told, also without a reader: whoever was told it may not have opened the file yet.
	batchBytes = 15 * 4096
	overlap    = 200 * time.Millisecond
)

// text is a file's text of one moment. Several open files can have the same one.
type text struct {
	bytes   []byte
	made    time.Time
	opened  time.Time // when its size was told last
	readers int       // open files that have it; while there is one, nothing changes the text
}

// reader is an open file that has been read. A file that is only open needs no memory.
type reader struct {
	text *text // nil if it was given up to make room, after the reader had read it to its end
	end  int   // the length of the text
	done bool  // the text was read to its end
}

// texts holds the latest text of each file, and the texts that readers are in. A reader keeps its text
// until it is closed or begins again. So what it reads in parts is of one moment.
type texts struct {
	latest  []*text // by file; nil if there is none
	open    []int   // by file: how many have it open
	readers map[uint64]reader
	spare   []*text
	held    int // the bytes of the readers and their texts
	longest int // the bytes of the longest text so far
	most    int // the most readers that the map has had
	done    int // the readers that have read their text to its end, and have it yet
}

// room returns how many bytes of readers and their texts there may be. Users other than root get half of it,
// so that they cannot take it all.
func (s *texts) room(root bool) int {
	room := max(roomBytes, roomTexts*s.longest)
	if !root {
		room /= 2
	}
	return room
}

// makeRoom gives up the texts of the readers that have read theirs to the end, if there is no room for so many
// bytes more.
func (s *texts) makeRoom(more, room int) {
	if s.held+more <= room || s.done == 0 {
		return
	}
	s.done = 0
	for handle, r := range s.readers {
		if r.done && r.text != nil {
			s.leave(r.text)
			r.text = nil
			s.readers[handle] = r
		}
	}
}

// measure returns a new latest text of a file. The present one has to do if readers have it and there is no
// room for their next: the last quarter of the room is for readers that share texts. It has to do also if its size
// was told lately, and the next one is of another length: of two who ask for the size at the same time, the kernel
// believes the first (fuse_change_attributes), whatever it tells the second. So it has if it is too long for one batch
// and somebody has the file open.
func (s *texts) measure(file int, content func([]byte) []byte, room int) *text {
	room -= room / 4
	s.makeRoom(s.longest, room)
	t, now := s.latest[file], time.Now()
	fresh := t != nil && now.Sub(t.made) < freshness
	lately := fresh && now.Sub(t.opened) < overlap
	if lately && s.open[file] > 0 && len(t.bytes) > batchBytes || fresh && t.readers > 0 && s.held+s.longest > room {
		t.opened = now
		return t
	}
	next := s.buffer()
	next.bytes = content(next.bytes[:0])
	s.longest = max(s.longest, cap(next.bytes))
	if lately && len(next.bytes) != len(t.bytes) {
		s.keep(next)
		t.opened = now
		return t
	}
	if t != nil && t.readers == 0 {
		s.keep(t)
	}
	next.made, next.opened = now, now
	s.latest[file] = next
	return next
}

// read returns the text that a reader of a file is in. A reader that begins, or begins again, gets the text
// of that moment. If it never began it may get the latest text instead. Without room for the reader, read
// returns a text only if that is read whole at once, and otherwise ENOMEM.
func (s *texts) read(file int, in readIn, content func([]byte) []byte, room int) ([]byte, unix.Errno) {
	r, known := s.readers[in.handle]
	if known && in.offset > 0 {
		if r.text != nil {
			return r.text.bytes, 0
		}
		if in.offset >= uint64(r.end) {
			return nil, 0
		}
	}
	s.drop(in.handle)
	t := s.latest[file]
	if known && in.offset == 0 || t == nil || time.Since(t.made) >= freshness {
		t = s.measure(file, content, room)
	}
	cost := readerBytes + cap(t.bytes)
	s.makeRoom(cost, room)
	if t.readers > 0 { // asked only now, because makeRoom can take readers off
		cost = readerBytes
	}
	if s.held+cost > room {
		if at := uint64(len(t.bytes)); in.offset >= at || in.offset == 0 && uint64(in.size) >= at {
			return t.bytes, 0
		}
		return nil, unix.ENOMEM
	}
	t.readers++
	s.held += cost
	s.readers[in.handle] = reader{text: t, end: len(t.bytes)}
	s.most = max(s.most, len(s.readers))
	return t.bytes, 0
}

// finish notes that a reader has read its text to the end.
func (s *texts) finish(handle uint64) {
	if r, ok := s.readers[handle]; ok && !r.done {
		r.done = true
		s.readers[handle] = r
		s.done++
	}
}

// drop forgets a reader.
func (s *texts) drop(handle uint64) {
	r, ok := s.readers[handle]
	if !ok {
		return
	}
	s.held -= readerBytes
	delete(s.readers, handle)
	if len(s.readers) == 0 && s.most > 64 { // a map does not shrink
		s.readers, s.most = map[uint64]reader{}, 0
	}
	if r.text != nil {
		s.leave(r.text)
		if r.done {
			s.done--
		}
	}
}

// leave takes one reader off a text. The memory of a text without readers is used again, or given back if
// that is much.
func (s *texts) leave(t *text) {
	if t.readers--; t.readers > 0 {
		return
	}
	s.held -= cap(t.bytes)
	for i := range s.latest {
		if s.latest[i] == t {
			s.shed(i)
			return
		}
	}
	s.keep(t)
}

// shed gives back the memory of a file's latest text if that is much, nobody has the file open, and its size was told
// longer ago than overlap.
func (s *texts) shed(file int) {
	if at := s.useless(file); !at.IsZero() && !time.Now().Before(at) {
		s.latest[file] = nil
	}
}

// useless returns when a file's latest text can be shed, zero if it is short or somebody has the file open.
func (s *texts) useless(file int) time.Time {
	if t := s.latest[file]; t != nil && t.readers == 0 && s.open[file] == 0 && cap(t.bytes) > spareBytes {
		return t.opened.Add(overlap)
	}
	return time.Time{}
}

// tidy sheds the texts that are to be shed by now. It returns when the next one is, zero if there is none.
func (s *texts) tidy() time.Time {
	var next time.Time
	for file := range s.latest {
		s.shed(file)
		if at := s.useless(file); !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}

// keep keeps a text that nobody has, for another moment.
func (s *texts) keep(t *text) {
	if cap(t.bytes) <= spareBytes && len(s.spare) < spareCount {
		s.spare = append(s.spare, t)
	}
}

// buffer returns a text to be filled.
func (s *texts) buffer() *text {
	if n := len(s.spare); n > 0 {
		t := s.spare[n-1]
		s.spare = s.spare[:n-1]
		return t
	}
	return &text{}
}

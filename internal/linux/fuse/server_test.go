package fuse

import (
	"bytes"
	"slices"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// counting has one file whose text is another each time it is made.
func counting() *Server {
	n := 0
	return &Server{UID: 7, GID: 8, Files: []File{{Name: "n", Content: func(dst []byte) []byte {
		n++
		return append(dst, "text "+strconv.Itoa(n)+"\n"...)
	}}}}
}

func ask(t testing.TB, s *Server, opcode uint32, node uint64, body []byte) ([]byte, unix.Errno) {
	t.Helper()
	head, data, answered := s.handle(request{opcode: opcode, unique: 99, node: node, body: body})
	if !answered {
		return nil, 0
	}
	all := append(bytes.Clone(head), data...)
	if int(order.Uint32(all)) != len(all) || order.Uint64(all[8:]) != 99 {
		t.Fatalf("a wrong header: %v", head)
	}
	return all[outHeader:], unix.Errno(-int32(order.Uint32(all[4:])))
}

func open(t *testing.T, s *Server) uint64 {
	t.Helper()
	b, errno := ask(t, s, opOpen, firstNode, make([]byte, 8))
	if errno != 0 || len(b) != openOut || order.Uint32(b[8:]) != directIO|noFlush {
		t.Fatalf("open: %v, %v", b, errno)
	}
	return order.Uint64(b)
}

func read(t *testing.T, s *Server, handle, offset uint64, size uint32) string {
	t.Helper()
	in := make([]byte, 40)
	order.PutUint64(in, handle)
	order.PutUint64(in[8:], offset)
	order.PutUint32(in[16:], size)
	b, errno := ask(t, s, opRead, firstNode, in)
	if errno != 0 {
		t.Fatal(errno)
	}
	return string(b)
}

// TestRead: a reader gets one moment's text, whatever parts it reads it in, and a new text when it
// begins again.
func TestRead(t *testing.T) {
	t.Parallel()
	s := counting()
	b, errno := ask(t, s, opGetattr, firstNode, nil)
	if size := order.Uint64(b[16+8:]); errno != 0 || size != 7 {
		t.Fatalf("size %d, %v", size, errno)
	}
	a := open(t, s) // gets the text that was measured
	other := open(t, s)
	for _, c := range []struct {
		handle, offset uint64
		size           uint32
		want           string
	}{
		{a, 0, 4, "text"},
		{other, 0, 100, "text 2\n"},
		{a, 4, 100, " 1\n"},
		{a, 7, 100, ""},
		{a, 1 << 62, 1, ""},
		{a, 0, 100, "text 3\n"},
		{other, 5, 1, "2"},
		{1234, 5, 100, "4\n"},
	} {
		if got := read(t, s, c.handle, c.offset, c.size); got != c.want {
			t.Errorf("read %d at %d: %q, want %q", c.handle, c.offset, got, c.want)
		}
	}
}

// TestMemoryIsBounded: the texts that are kept have a bound, however many files are open and
// however long they are.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	s := &Server{Files: []File{{Name: "long", Content: func(dst []byte) []byte { return append(dst, make([]byte, 30<<10)...) }}}}
	for range 100 {
		read(t, s, open(t, s), 0, 10)
	}
	total := 0
	for i := range s.kept.list {
		total += cap(s.kept.list[i].text)
	}
	if total > snapshotBytes {
		t.Errorf("%d bytes are kept", total)
	}
}

// TestLongTextGoes: a text longer than what may be kept goes with its last reader.
func TestLongTextGoes(t *testing.T) {
	t.Parallel()
	s := &Server{Files: []File{{Name: "long", Content: func(dst []byte) []byte { return append(dst, make([]byte, 2*snapshotBytes)...) }}}}
	handle := open(t, s)
	if got := read(t, s, handle, 0, 4096); len(got) != 4096 {
		t.Errorf("%d bytes", len(got))
	}
	if _, errno := ask(t, s, opRelease, firstNode, order.AppendUint64(nil, handle)); errno != 0 {
		t.Error(errno)
	}
	for i := range s.kept.list {
		if n := cap(s.kept.list[i].text); n > 0 {
			t.Errorf("%d bytes are kept", n)
		}
	}
}

// TestAnswers: each request gets its answer, or the errno that the kernel expects.
func TestAnswers(t *testing.T) {
	t.Parallel()
	s := counting()
	version := make([]byte, 16)
	order.PutUint32(version, 7)
	order.PutUint32(version[4:], 26)
	if b, errno := ask(t, s, opInit, 0, version); errno != 0 || len(b) != initOut || order.Uint32(b[4:]) != 26 || order.Uint32(b[20:]) != maxWrite {
		t.Errorf("init: %v, %v", b, errno)
	}
	order.PutUint32(version[4:], 12)
	if _, errno := ask(t, s, opInit, 0, version); errno != unix.EPROTO {
		t.Errorf("an old kernel: %v", errno)
	}
	writing := make([]byte, 8)
	order.PutUint32(writing, unix.O_WRONLY)
	for name, c := range map[string]struct {
		opcode uint32
		node   uint64
		body   []byte
		want   unix.Errno
	}{
		"lookup":               {opLookup, rootNode, []byte("n\x00"), 0},
		"no such name":         {opLookup, rootNode, []byte("m\x00"), unix.ENOENT},
		"lookup in a file":     {opLookup, firstNode, []byte("n\x00"), unix.ENOTDIR},
		"the root":             {opGetattr, rootNode, nil, 0},
		"no such node":         {opGetattr, 99, nil, unix.ENOENT},
		"node 0":               {opGetattr, 0, nil, unix.ENOENT},
		"open to write":        {opOpen, firstNode, writing, unix.EACCES},
		"list a file":          {opReaddirplus, firstNode, make([]byte, 40), unix.EINVAL},
		"list without a say":   {opReaddirplus, rootNode, nil, unix.EINVAL},
		"open the directory":   {opOpendir, rootNode, writing, 0},
		"open the root":        {opOpen, rootNode, writing, unix.ENOENT},
		"a read without a say": {opRead, firstNode, nil, unix.EINVAL},
		"release":              {opRelease, firstNode, make([]byte, 24), 0},
		"statfs":               {opStatfs, firstNode, nil, 0},
		"setattr":              {4, firstNode, nil, unix.ENOSYS},
	} {
		if _, errno := ask(t, s, c.opcode, c.node, c.body); errno != c.want {
			t.Errorf("%s: %v", name, errno)
		}
	}
	for _, opcode := range []uint32{opForget, opBatchForget, opInterrupt} {
		if _, _, answered := s.handle(request{opcode: opcode}); answered {
			t.Errorf("request %d was answered", opcode)
		}
	}
}

// TestReaddir: whoever has read the directory, in however small parts, knows all that lookups say.
func TestReaddir(t *testing.T) {
	t.Parallel()
	names := []string{"a", "meminfo", "exactly8", "loadavg"}
	s := &Server{UID: 7, GID: 8}
	for _, n := range names {
		s.Files = append(s.Files, File{Name: n})
	}
	for _, size := range []uint32{entryOut + direntOut + 8, 500, 4096} {
		var got []string
		in := make([]byte, 40)
		order.PutUint32(in[16:], size)
		for {
			b, errno := ask(t, s, opReaddirplus, rootNode, in)
			if errno != 0 || len(b) > int(size) || len(b)%8 != 0 {
				t.Fatalf("%d bytes of %d, %v", len(b), size, errno)
			}
			if len(b) == 0 {
				break
			}
			for len(b) > 0 {
				dirent := b[entryOut:]
				n := int(order.Uint32(dirent[16:]))
				name := string(dirent[direntOut : direntOut+n])
				if entry, errno := ask(t, s, opLookup, rootNode, []byte(name+"\x00")); errno != 0 || !bytes.Equal(entry, b[:entryOut]) {
					t.Errorf("%s is not what a lookup says: %v, %v", name, entry, errno)
				}
				got = append(got, name)
				copy(in[8:16], dirent[8:16]) // to go on from there
				b = dirent[(direntOut+n+7)&^7:]
			}
		}
		if !slices.Equal(got, names) {
			t.Errorf("in parts of %d bytes: %q", size, got)
		}
	}
}

// FuzzRequest: no request makes the server panic.
func FuzzRequest(f *testing.F) {
	f.Add(uint32(opRead), uint64(firstNode), make([]byte, 40))
	f.Add(uint32(opReaddirplus), uint64(rootNode), make([]byte, 40))
	f.Add(uint32(opLookup), uint64(rootNode), []byte("n"))
	f.Fuzz(func(t *testing.T, opcode uint32, node uint64, body []byte) {
		ask(t, counting(), opcode, node, body)
		if r, err := parse(body); err == nil {
			counting().handle(r)
		}
	})
}

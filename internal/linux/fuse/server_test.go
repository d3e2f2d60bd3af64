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
	return serving(func(dst []byte) []byte {
		n++
		return append(dst, "text "+strconv.Itoa(n)+"\n"...)
	})
}

// serving has one file.
func serving(content func(dst []byte) []byte) *Server {
	s := &Server{UID: 7, GID: 8, Files: []File{{Name: "n", Content: content}}}
	s.reset()
	return s
}

func ask(t testing.TB, s *Server, opcode uint32, node uint64, body []byte) ([]byte, unix.Errno) {
	t.Helper()
	return askAs(t, s, s.UID, opcode, node, body)
}

func askAs(t testing.TB, s *Server, uid, opcode uint32, node uint64, body []byte) ([]byte, unix.Errno) {
	t.Helper()
	head, data, answered := s.handle(request{opcode: opcode, unique: 99, node: node, uid: uid, body: body})
	if !answered {
		return nil, 0
	}
	all := append(bytes.Clone(head), data...)
	if int(order.Uint32(all)) != len(all) || order.Uint64(all[8:]) != 99 {
		t.Fatalf("a wrong header: %v", head)
	}
	return all[outHeader:], unix.Errno(-int32(order.Uint32(all[4:])))
}

// open does what the kernel does for open(2): it asks for the attributes first.
func open(t *testing.T, s *Server) uint64 {
	t.Helper()
	if _, errno := ask(t, s, opGetattr, firstNode, nil); errno != 0 {
		t.Fatal(errno)
	}
	b, errno := ask(t, s, opOpen, firstNode, make([]byte, 8))
	if errno != 0 || len(b) != openOut || order.Uint32(b[8:]) != directIO|noFlush {
		t.Fatalf("open: %v, %v", b, errno)
	}
	return order.Uint64(b)
}

func read(t *testing.T, s *Server, handle, offset uint64, size uint32) string {
	t.Helper()
	b, errno := ask(t, s, opRead, firstNode, readBody(handle, offset, size))
	if errno != 0 {
		t.Fatal(errno)
	}
	return string(b)
}

func readBody(handle, offset uint64, size uint32) []byte {
	in := make([]byte, 40)
	order.PutUint64(in, handle)
	order.PutUint64(in[8:], offset)
	order.PutUint32(in[16:], size)
	return in
}

func release(t *testing.T, s *Server, handle uint64) {
	t.Helper()
	if _, errno := ask(t, s, opRelease, firstNode, order.AppendUint64(nil, handle)); errno != 0 {
		t.Fatal(errno)
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
	s.reset()
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

package fuse

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// rootNode is FUSE_ROOT_ID, the number of the directory. The number of file i is firstNode+i.
const (
	rootNode  = 1
	firstNode = 2
)

// File is one file of the directory.
type File struct {
	Name string
	// Content appends the file's current text. Only Serve's goroutine calls it.
	Content func(dst []byte) []byte
}

// Server serves Files. The caller sets its exported fields before Serve.
type Server struct {
	Files    []File
	UID, GID uint32    // the owner of all files
	Time     time.Time // the time stamp of all files
	handles  uint64
	texts    texts
	out      [outHeader + entryOut]byte // the longest answer without data
}

// Serve answers requests. It returns nil when the file system is unmounted. The device must be
// non-blocking, so that no thread waits in it. Serve sets its read deadline.
func (s *Server) Serve(dev *os.File) error {
	raw, err := dev.SyscallConn()
	if err != nil {
		return fmt.Errorf("fuse: %w", err)
	}
	s.reset()
	in := make([]byte, bufferSize)
	var n int
	var rerr error
	read := func(fd uintptr) bool {
		n, rerr = unix.Read(int(fd), in)
		return !errors.Is(rerr, unix.EAGAIN)
	}
	var answer [2][]byte
	var werr error
	write := func(fd uintptr) { _, werr = unix.Writev(int(fd), answer[:]) }
	var deadline time.Time
	for {
		if at := s.texts.tidy(); !at.Equal(deadline) {
			if err := dev.SetReadDeadline(at); err != nil {
				return fmt.Errorf("fuse: %w", err)
			}
			deadline = at
		}
		if err := raw.Read(read); errors.Is(err, os.ErrDeadlineExceeded) {
			continue // to be tidied
		} else if err != nil {
			return fmt.Errorf("fuse: %w", err)
		}
		switch {
		case errors.Is(rerr, unix.ENODEV):
			return nil
		case errors.Is(rerr, unix.EINTR), errors.Is(rerr, unix.ENOENT): // ENOENT: the request was aborted
			continue
		case rerr != nil:
			return fmt.Errorf("fuse: read: %w", rerr)
		}
		req, err := parse(in[:n])
		if err != nil {
			return err
		}
		head, data, answered := s.handle(req)
		if !answered {
			continue
		}
		answer = [2][]byte{head, data}
		err = raw.Control(write)
		// ENOENT: the process that asked was killed meanwhile.
		if errors.Is(werr, unix.ENOENT) || errors.Is(werr, unix.ENODEV) {
			continue
		}
		if err = errors.Join(err, werr); err != nil {
			return fmt.Errorf("fuse: answer to request %d: %w", req.opcode, err)
		}
	}
}

// reset makes the server ready for requests.
func (s *Server) reset() {
	s.texts = texts{latest: make([]*text, len(s.Files)), open: make([]int, len(s.Files)), readers: map[uint64]reader{}}
}

// handle returns the answer to a request in two parts. It returns false if the request must not be
// answered.
func (s *Server) handle(r request) (head, data []byte, answered bool) {
	var body []byte
	var errno unix.Errno
	clear(s.out[:])
	switch r.opcode {
	case opForget, opBatchForget, opInterrupt:
		return nil, nil, false // the server counts no references, and no request is ever pending
	case opInit:
		body, errno = s.init(r.body)
	case opLookup:
		body, errno = s.lookup(r)
	case opGetattr:
		body, errno = s.getattr(r)
	case opOpendir: // an open directory needs no state
		body = s.body(openOut)
	case opReaddirplus:
		data, errno = s.readdir(r)
	case opOpen:
		body, errno = s.open(r)
	case opRead:
		data, errno = s.read(r)
	case opStatfs:
		body = s.body(statfsOut)
		order.PutUint32(body[40:], 4096) // block size
		order.PutUint32(body[44:], 255)  // the longest name
	case opRelease:
		s.release(r)
	case opDestroy:
	default:
		errno = unix.ENOSYS
	}
	head = s.out[:outHeader+len(body)]
	order.PutUint32(head, uint32(len(head)+len(data)))
	order.PutUint32(head[4:], uint32(-int32(errno)))
	order.PutUint64(head[8:], r.unique)
	return head, data, true
}

// body returns the answer's part after the header, all zero.
func (s *Server) body(size int) []byte { return s.out[outHeader : outHeader+size] }

func (s *Server) init(in []byte) ([]byte, unix.Errno) {
	if len(in) < 16 || order.Uint32(in) < major || order.Uint32(in) == major && order.Uint32(in[4:]) < leastMinor {
		return nil, unix.EPROTO
	}
	b := s.body(initOut)
	order.PutUint32(b, major)
	order.PutUint32(b[4:], minor)
	if order.Uint32(in) == major {
		order.PutUint32(b[4:], min(minor, order.Uint32(in[4:])))
	}
	copy(b[8:12], in[8:12]) // read ahead as far as the kernel likes: sendfile(2) then asks once, not for each page
	order.PutUint32(b[12:], order.Uint32(in[12:])&doReaddirplus)
	order.PutUint32(b[20:], maxWrite)
	order.PutUint32(b[24:], 1) // the granularity of time stamps, in ns
	return b, 0
}

func (s *Server) lookup(r request) ([]byte, unix.Errno) {
	name, _, _ := bytes.Cut(r.body, []byte{0})
	if r.node != rootNode {
		return nil, unix.ENOTDIR
	}
	for i := range s.Files {
		if s.Files[i].Name == string(name) {
			b := s.body(entryOut)
			s.entry(b, uint64(firstNode+i))
			return b, 0
		}
	}
	return nil, unix.ENOENT
}

// getattr returns the attributes of a file. The size is that of the text which the next opener gets:
// sendfile(2) and splice(2) stop there, because they use the page cache (filemap_splice_read). read(2)
// does not look at the size.
func (s *Server) getattr(r request) ([]byte, unix.Errno) {
	b := s.body(attrOut)
	if r.node == rootNode {
		order.PutUint64(b, forever)
		s.attributes(b[16:], r.node, 0, unix.S_IFDIR|0o555, 2)
		return b, 0
	}
	file, ok := s.file(r.node)
	if !ok {
		return nil, unix.ENOENT
	}
	t := s.texts.measure(file, s.Files[file].Content, s.texts.room(s.isRoot(r.uid)))
	s.attributes(b[16:], r.node, uint64(len(t.bytes)), unix.S_IFREG|0o444, 1)
	return b, 0
}

// isRoot reports whether a user is root of the container or of the host.
func (s *Server) isRoot(uid uint32) bool { return uid == 0 || uid == s.UID }

// file returns the index of a node's file. It returns false if the node is no file.
func (s *Server) file(node uint64) (int, bool) {
	i := node - firstNode
	return int(i), node >= firstNode && i < uint64(len(s.Files))
}

// open returns a handle. The server keeps nothing of it until it is read.
func (s *Server) open(r request) ([]byte, unix.Errno) {
	file, ok := s.file(r.node)
	if !ok {
		return nil, unix.ENOENT
	}
	if len(r.body) < 4 || order.Uint32(r.body)&unix.O_ACCMODE != unix.O_RDONLY {
		return nil, unix.EACCES
	}
	s.handles++
	s.texts.open[file]++
	b := s.body(openOut)
	order.PutUint64(b, s.handles)
	order.PutUint32(b[8:], directIO|noFlush)
	return b, 0
}

// release forgets a handle.
func (s *Server) release(r request) {
	file, ok := s.file(r.node)
	if !ok || len(r.body) < 8 {
		return
	}
	s.texts.open[file] = max(0, s.texts.open[file]-1)
	s.texts.drop(order.Uint64(r.body))
	s.texts.shed(file)
}

func (s *Server) read(r request) ([]byte, unix.Errno) {
	in, err := parseRead(r.body)
	file, ok := s.file(r.node)
	if err != nil || !ok {
		return nil, unix.EINVAL
	}
	text, errno := s.texts.read(file, in, s.Files[file].Content, s.texts.room(s.isRoot(r.uid)))
	if errno != 0 {
		return nil, errno
	}
	rest := text[min(in.offset, uint64(len(text))):]
	if uint64(len(rest)) <= uint64(in.size) {
		s.texts.finish(in.handle)
		return rest, 0
	}
	return rest[:in.size], 0
}

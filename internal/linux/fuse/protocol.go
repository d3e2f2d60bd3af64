package fuse

import (
	"encoding/binary"
	"errors"

	"golang.org/x/sys/unix"
)

// The requests that the server answers or knows not to answer (enum fuse_opcode). It answers ENOSYS to
// all others.
const (
	opLookup      = 1
	opForget      = 2
	opGetattr     = 3
	opOpen        = 14
	opRead        = 15
	opStatfs      = 17
	opRelease     = 18
	opInit        = 26
	opOpendir     = 27
	opInterrupt   = 36
	opDestroy     = 38
	opBatchForget = 42
	opReaddirplus = 44
)

// Sizes of the structs of the protocol, in bytes.
const (
	inHeader  = 40
	outHeader = 16
	initOut   = 64 // since 7.23
	attrSize  = 88
	entryOut  = 40 + attrSize
	attrOut   = 16 + attrSize
	openOut   = 16
	statfsOut = 80
	direntOut = 24 // without the name that follows
)

// The version of the protocol. A newer kernel falls back to it.
const (
	major      = 7
	minor      = 31
	leastMinor = 23
)

const (
	// bufferSize is FUSE_MIN_READ_BUFFER, the smallest buffer into which the kernel reads requests.
	bufferSize = 8 << 10
	// maxWrite is the smallest value that the kernel accepts. The buffer also has room for the headers.
	maxWrite = 4 << 10
	// directIO is FOPEN_DIRECT_IO: read(2) does not use the page cache, nor stop at the file's size.
	directIO = 1 << 0
	// noFlush is FOPEN_NOFLUSH (7.35, Linux 5.16; older kernels ignore it): close(2) sends no request.
	// Not even a kill interrupts that request (fuse_flush, FR_FORCE). A process with an open file could
	// not end while the server is stopped.
	noFlush = 1 << 5
	// doReaddirplus is FUSE_DO_READDIRPLUS of INIT: the entries of a directory include the answers to
	// their lookups.
	doReaddirplus = 1 << 13
	// forever is how long, in seconds, the kernel may keep names. They never change.
	forever = 365 * 24 * 3600
)

// errMalformed is returned for a request that no kernel sends.
var errMalformed = errors.New("malformed FUSE request")

// order is the host's byte order: the protocol never leaves the machine.
//
//nolint:gochecknoglobals // it has no state
var order = binary.NativeEndian

// request is one request: the fields of the header that matter, and the body after the header.
type request struct {
	opcode uint32
	unique uint64
	node   uint64
	uid    uint32 // of the asking process, on the host
	body   []byte
}

func parse(packet []byte) (request, error) {
	if len(packet) < inHeader || int(order.Uint32(packet)) != len(packet) {
		return request{}, errMalformed
	}
	return request{
		opcode: order.Uint32(packet[4:]),
		unique: order.Uint64(packet[8:]),
		node:   order.Uint64(packet[16:]),
		uid:    order.Uint32(packet[24:]),
		body:   packet[inHeader:],
	}, nil
}

// readIn holds the fields of struct fuse_read_in that matter.
type readIn struct {
	handle, offset uint64
	size           uint32
}

func parseRead(body []byte) (readIn, error) {
	if len(body) < 20 {
		return readIn{}, errMalformed
	}
	return readIn{order.Uint64(body), order.Uint64(body[8:]), order.Uint32(body[16:])}, nil
}

// entry writes a struct fuse_entry_out to b.
func (s *Server) entry(b []byte, node uint64) {
	order.PutUint64(b, node)
	order.PutUint64(b[16:], forever) // for the name; the kernel asks for the attributes each time
	s.attributes(b[40:], node, 0, unix.S_IFREG|0o444, 1)
}

// attributes writes a struct fuse_attr to b.
func (s *Server) attributes(b []byte, node, size uint64, mode, links uint32) {
	order.PutUint64(b, node)
	order.PutUint64(b[8:], size)
	for _, at := range []int{24, 32, 40} { // times of access, modification and change, in seconds
		order.PutUint64(b[at:], uint64(s.Time.Unix()))
	}
	for i, v := range []uint32{mode, links, s.UID, s.GID} {
		order.PutUint32(b[60+4*i:], v)
	}
	order.PutUint32(b[80:], 4096) // block size
}

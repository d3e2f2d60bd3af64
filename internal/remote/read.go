package remote

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"syscall"

	"github.com/berthd/berth/internal/linux/stream"
)

// The sizes of a reader's buffer: a connection begins with the small one, and keeps at most the other one while it
// waits.
const (
	smallBuffer = 4 << 10
	keptBuffer  = 16 << 10
)

var (
	errLength      = errors.New("a packet's length is wrong")
	errDescriptors = errors.New("a packet and its descriptors do not belong together")
)

// reader reads packets and the descriptors that follow them. They come one with a byte each, which ends a read: so
// bytes and descriptors stay in step.
type reader struct {
	conn *stream.Conn
	buf  []byte // what was read and not used is buf[from:]
	from int
	oob  []byte
	// deaf says that the client may pass no descriptors: the kernel drops them. To close one can take as long as its
	// sender likes, if it is of a FUSE file system of his.
	deaf atomic.Bool
	// came are descriptors that nobody has taken yet.
	came  []*os.File
	limit atomic.Int64 // of a packet
	kept  *purse
}

func newReader(conn *stream.Conn, limit int, kept *purse) *reader {
	r := &reader{conn: conn, buf: make([]byte, 0, smallBuffer), oob: make([]byte, syscall.CmsgSpace(4)), kept: kept}
	r.allow(limit)
	return r
}

// allow sets the limit of a packet in bytes.
func (r *reader) allow(limit int) { r.limit.Store(int64(limit)) }

// close gives back what was not used.
func (r *reader) close() {
	r.kept.closeFiles(r.came)
	r.kept.release(cap(r.buf) - smallBuffer)
	r.came, r.buf = nil, nil
}

// next returns the next packet. body is valid until the following call. The caller owns the descriptors.
func (r *reader) next() (h head, body []byte, files []*os.File, err error) {
	if r.from == len(r.buf) && cap(r.buf) > keptBuffer {
		r.kept.release(cap(r.buf) - smallBuffer)
		r.buf, r.from = make([]byte, 0, smallBuffer), 0
	}
	if err := r.fill(lengthSize); err != nil {
		return h, nil, nil, err
	}
	length := binary.BigEndian.Uint32(r.buf[r.from:])
	if limit := r.limit.Load(); length < headSize || int64(length) > limit {
		return h, nil, nil, fmt.Errorf("%w: %d bytes, between %d and %d are right", errLength, length, headSize, limit)
	}
	if err := r.fill(int(length)); err != nil {
		return h, nil, nil, err
	}
	packet := r.buf[r.from : r.from+int(length)]
	r.from += int(length)
	h = readHead(packet[lengthSize:])
	body = packet[headSize:]
	if h.kind == typeCallFDs {
		if body, files, err = r.descriptors(body); err != nil {
			return h, nil, nil, err
		}
	}
	if len(r.came) > 0 {
		r.kept.closeFiles(files)
		return h, nil, nil, fmt.Errorf("%w: %d more than were announced", errDescriptors, len(r.came))
	}
	return h, body, files, nil
}

// descriptors reads those that follow a packet: a byte each. It returns the rest of the body, copied, since what is
// read may move the buffer.
func (r *reader) descriptors(body []byte) ([]byte, []*os.File, error) {
	if len(body) < lengthSize {
		return nil, nil, errDescriptors
	}
	count := binary.BigEndian.Uint32(body)
	if count > maxFiles {
		return nil, nil, fmt.Errorf("%w: %d, the limit is %d", errDescriptors, count, maxFiles)
	}
	body = append([]byte(nil), body[lengthSize:]...)
	if err := r.fill(int(count)); err != nil {
		return nil, nil, err
	}
	r.from += int(count)
	if len(r.came) < int(count) {
		return nil, nil, fmt.Errorf("%w: %d of %d came", errDescriptors, len(r.came), count)
	}
	files := r.came[:count:count]
	r.came = r.came[count:]
	return body, files, nil
}

// fill reads until there are n bytes that were not used. The buffer grows with what has come, not with what was
// announced.
func (r *reader) fill(n int) error {
	for len(r.buf)-r.from < n {
		if r.from > 0 && (r.from == len(r.buf) || len(r.buf) == cap(r.buf)) {
			r.buf = r.buf[:copy(r.buf[:cap(r.buf)], r.buf[r.from:])]
			r.from = 0
		}
		if len(r.buf) == cap(r.buf) {
			size := 2 * cap(r.buf)
			if err := r.kept.hold(size - cap(r.buf)); err != nil {
				return err
			}
			larger := make([]byte, len(r.buf), size)
			copy(larger, r.buf)
			r.buf = larger
		}
		if err := r.read(); err != nil {
			return err
		}
	}
	return nil
}

// read reads once.
func (r *reader) read() error {
	oob := r.oob
	if r.deaf.Load() {
		oob = nil
	}
	n, oobn, flags, err := r.conn.Read(r.buf[len(r.buf):cap(r.buf)], oob)
	if oobn > 0 {
		if err := r.take(oob[:oobn]); err != nil {
			return err
		}
	}
	switch {
	case err != nil:
		return err
	case flags&syscall.MSG_CTRUNC != 0:
		return fmt.Errorf("%w: more than one with a byte, or berthd has no room for more (LimitNOFILE=)", errDescriptors)
	case n == 0:
		return io.EOF
	}
	r.buf = r.buf[:len(r.buf)+n]
	return nil
}

// take keeps the descriptors of one read.
func (r *reader) take(oob []byte) error {
	messages, err := syscall.ParseSocketControlMessage(oob)
	if err != nil {
		return err
	}
	for i := range messages {
		fds, err := syscall.ParseUnixRights(&messages[i])
		if err != nil {
			return fmt.Errorf("%w: %w", errDescriptors, err)
		}
		var list []*os.File
		for _, fd := range fds {
			list = append(list, os.NewFile(uintptr(fd), "passed"))
		}
		if err := r.kept.holdFiles(len(list)); err != nil {
			closeFiles(list)
			return err
		}
		r.came = append(r.came, list...)
	}
	if len(r.came) > maxFiles {
		return errDescriptors
	}
	return nil
}

func closeFiles(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}

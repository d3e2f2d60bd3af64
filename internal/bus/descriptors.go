package bus

import (
	"errors"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// MaxDescriptors is the most descriptors that one message carries over a socket: the kernel's SCM_MAX_FD.
// dbus-daemon's limit on the system bus is 16 (max_message_unix_fds).
const MaxDescriptors = 253

var errRights = errors.New("a control message is malformed")

// source reads a socket that carries descriptors. Each descriptor that arrives is held here until the
// message that it came with claims it, and is closed at the end of that message if nobody did.
//
// The kernel ends a read behind the bytes that were sent with descriptors (unix(7), SCM_RIGHTS), and the bus
// sends them with the first byte of one message. So descriptors belong to the last message that begins in the
// bytes they were read with.
type source struct {
	conn *net.UnixConn
	oob  []byte
	read int64 // bytes so far
	held []arrival
}

// arrival is the descriptors of one read.
type arrival struct {
	end   int64 // the place in the stream behind the bytes that were read with them
	files []*os.File
	lost  bool // the process had no room for some
}

func newSource(conn *net.UnixConn) *source {
	return &source{conn: conn, oob: make([]byte, unix.CmsgSpace(4*MaxDescriptors))}
}

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	n, oobn, flags, _, err := s.conn.ReadMsgUnix(p, s.oob)
	n, oobn = max(n, 0), max(oobn, 0)
	s.read += int64(n)
	if oobn > 0 || flags&unix.MSG_CTRUNC != 0 {
		files, rerr := rights(s.oob[:oobn])
		s.held = append(s.held, arrival{end: s.read, files: files, lost: rerr != nil || flags&unix.MSG_CTRUNC != 0})
	}
	return n, err
}

// rights returns the descriptors of control messages.
func rights(oob []byte) (files []*os.File, err error) {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil, errRights
	}
	for i := range messages {
		numbers, err := unix.ParseUnixRights(&messages[i])
		if err != nil {
			continue // not descriptors
		}
		for _, n := range numbers {
			files = append(files, os.NewFile(uintptr(n), "passed"))
		}
	}
	return files, nil
}

// claim gives the message whose header ends where the reading is the descriptors that it counts. false means
// that they were lost. The caller must close them.
func (s *source) claim(count uint32) ([]*os.File, bool) {
	if count == 0 {
		return nil, true
	}
	if len(s.held) == 0 {
		return nil, false
	}
	a := s.held[0]
	s.held = s.held[1:]
	if a.lost || uint32(len(a.files)) != count {
		CloseFiles(a.files)
		return nil, false
	}
	return a.files, true
}

// drop closes what was read before a place in the stream and is not claimed.
func (s *source) drop(until int64) {
	for len(s.held) > 0 && s.held[0].end <= until {
		CloseFiles(s.held[0].files)
		s.held = s.held[1:]
	}
}

// CloseFiles closes descriptors. An error says nothing that matters: they were only passed.
func CloseFiles(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}

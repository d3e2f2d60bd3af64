package nbd

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"testing"
)

// stream is a server that says all it has to say at once.
type stream struct {
	io.Reader
	got bytes.Buffer
}

func (s *stream) Write(p []byte) (int, error) { return s.got.Write(p) }

func says(flags uint16, size uint64, transmission uint16, zeroes int) []byte {
	b := binary.BigEndian.AppendUint16([]byte("NBDMAGICIHAVEOPT"), flags)
	b = binary.BigEndian.AppendUint64(b, size)
	b = binary.BigEndian.AppendUint16(b, transmission)
	return append(b, make([]byte, zeroes)...)
}

// TestNegotiate: a fixed newstyle server gives its export, and any other is an error that says why.
func TestNegotiate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		says   []byte
		export Export
		answer string
		err    string
	}{
		"no zeroes":         {says(3, 1<<30, 0x6d, 0), Export{1 << 30, 0x6d}, "\x00\x00\x00\x03IHAVEOPT\x00\x00\x00\x01\x00\x00\x00\x00", ""},
		"zeroes":            {says(1, 512, 3, zeroesSize), Export{512, 3}, "\x00\x00\x00\x01IHAVEOPT\x00\x00\x00\x01\x00\x00\x00\x00", ""},
		"no zeroes come":    {says(1, 512, 3, 4), Export{}, "", "ended the connection"},
		"more bits":         {says(0xffff, 512, 3, 0), Export{512, 3}, "\x00\x00\x00\x03IHAVEOPT\x00\x00\x00\x01\x00\x00\x00\x00", ""},
		"old style":         {says(0, 512, 3, zeroesSize), Export{}, "", "fixed newstyle"},
		"another protocol":  {[]byte("HTTP/1.1 400 Bad Request\r\n"), Export{}, "", "fixed newstyle"},
		"silent":            {nil, Export{}, "", "ended the connection"},
		"ends half way":     {says(3, 512, 3, 0)[:20], Export{}, "", "ended the connection"},
		"larger than large": {says(3, 1<<63, 3, 0), Export{}, "", "more than a device can have"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &stream{Reader: bytes.NewReader(c.says)}
			e, err := Negotiate(s)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("%v, want %q", err, c.err)
				}
				return
			}
			if err != nil || e != c.export || s.got.String() != c.answer {
				t.Errorf("%+v, %v, answered %q", e, err, s.got.String())
			}
		})
	}
}

// TestNegotiateReadsNoMore: what the server sends after the handshake is left for the kernel.
func TestNegotiateReadsNoMore(t *testing.T) {
	t.Parallel()
	r := bytes.NewReader(append(says(3, 512, 2, 0), "more"...))
	e, err := Negotiate(&stream{Reader: r})
	if err != nil || !e.ReadOnly() || r.Len() != len("more") {
		t.Errorf("%+v, %v, %d bytes are left", e, err, r.Len())
	}
}

// FuzzNegotiate: no server makes it panic, or read without end.
func FuzzNegotiate(f *testing.F) {
	f.Add(says(3, 1<<30, 0x6d, 0))
	f.Add(says(1, 512, 3, zeroesSize))
	f.Fuzz(func(t *testing.T, server []byte) {
		r := bytes.NewReader(server)
		if _, err := Negotiate(&stream{Reader: r}); err == nil && len(server)-r.Len() > greetingSize+descriptionSize+zeroesSize {
			t.Error("it read more than a handshake")
		}
	})
}

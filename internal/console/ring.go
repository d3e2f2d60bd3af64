package console

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// Size is the number of bytes of output that a ring keeps.
const Size = 64 << 10

// header is the size, in bytes, of the number at the beginning of the file: how many bytes were ever
// written, in little endian. The ring follows it.
const header = 8

// Ring is the writer's side of a ring. Only one goroutine at a time may use it.
type Ring struct {
	f     *os.File
	total uint64
}

// NewRing returns an empty ring in a new file.
func NewRing(f *os.File) *Ring { return &Ring{f: f} }

// Write appends to the ring. It overwrites the oldest bytes.
func (r *Ring) Write(p []byte) (int, error) {
	written := len(p)
	for len(p) > 0 {
		at := int(r.total % Size)
		n := min(len(p), Size-at)
		if _, err := r.f.WriteAt(p[:n], int64(header+at)); err != nil {
			return written - len(p), err
		}
		r.total += uint64(n)
		p = p[n:]
	}
	var count [header]byte
	binary.LittleEndian.PutUint64(count[:], r.total)
	_, err := r.f.WriteAt(count[:], 0)
	return written, err
}

// Total returns how many bytes were ever written.
func (r *Ring) Total() uint64 { return r.total }

// ReadAt reads what was written at a position: how many bytes were written before it. If the ring does not have
// that any more, it reads from the oldest byte on. It returns the position that it read at. It returns no bytes
// if there are none yet.
func (r *Ring) ReadAt(p []byte, position uint64) (n int, at uint64, err error) {
	if r.total > Size {
		position = max(position, r.total-Size)
	}
	if position >= r.total {
		return 0, position, nil
	}
	in := position % Size
	n, err = r.f.ReadAt(p[:min(uint64(len(p)), r.total-position, Size-in)], int64(header+in))
	return n, position, err
}

// Read returns the content of a ring, oldest byte first. The writer may go on meanwhile: Read leaves
// out the bytes that were overwritten while it read.
func Read(f io.ReaderAt) ([]byte, error) {
	before, err := total(f)
	if err != nil || before == 0 {
		return nil, err
	}
	buf := make([]byte, Size)
	if _, err := f.ReadAt(buf, header); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read console ring: %w", err)
	}
	after, err := total(f)
	if err != nil {
		return nil, err
	}
	if before <= Size {
		buf = buf[:before]
	} else {
		at := before % Size
		buf = append(buf[at:len(buf):len(buf)], buf[:at]...)
	}
	// The writer has added after-before bytes: as many of the oldest may be overwritten.
	lost := uint64(0)
	if after > Size {
		lost = min(after-max(before, Size), uint64(len(buf)))
	}
	return buf[lost:], nil
}

func total(f io.ReaderAt) (uint64, error) {
	var count [header]byte
	if _, err := f.ReadAt(count[:], 0); err != nil {
		if errors.Is(err, io.EOF) {
			return 0, nil // nothing was written yet
		}
		return 0, fmt.Errorf("read console ring: %w", err)
	}
	return binary.LittleEndian.Uint64(count[:]), nil
}

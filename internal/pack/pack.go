// Package pack encodes the messages between berthd, supervisors and init stages. The encoding has
// little-endian numbers, counted strings and counted lists. It uses no reflection: it runs at every
// start, and in processes that must stay small. It is pure.
package pack

import (
	"encoding/binary"
	"errors"
)

// errShort and errTrailing are the two faults that a message can have.
var (
	errShort    = errors.New("message is cut short")
	errTrailing = errors.New("message has trailing bytes")
)

// Writer appends values. The zero value is ready to use.
type Writer struct{ b []byte }

// Bytes returns all that was appended.
func (w *Writer) Bytes() []byte { return w.b }

// U8 appends a byte.
func (w *Writer) U8(v uint8) { w.b = append(w.b, v) }

// U32 appends a 32-bit number.
func (w *Writer) U32(v uint32) { w.b = binary.LittleEndian.AppendUint32(w.b, v) }

// U64 appends a 64-bit number.
func (w *Writer) U64(v uint64) { w.b = binary.LittleEndian.AppendUint64(w.b, v) }

// Bool appends a boolean as one byte.
func (w *Writer) Bool(v bool) {
	if v {
		w.U8(1)
	} else {
		w.U8(0)
	}
}

// String appends the length of s as a 32-bit number, then s.
func (w *Writer) String(s string) {
	w.U32(uint32(len(s)))
	w.b = append(w.b, s...)
}

// Reader reads values in the order in which they were appended. After the first fault all its
// methods return zero values, and End returns the fault.
type Reader struct {
	b       []byte
	err     error
	growing bool
}

// NewReader returns a Reader of packed bytes.
func NewReader(b []byte) *Reader { return &Reader{b: b} }

// NewGrowing reads packed bytes of a form that grows at its end from version to version: values that an
// older writer did not have are zero, and those of a newer one are left over without a fault.
func NewGrowing(b []byte) *Reader { return &Reader{b: b, growing: true} }

func (r *Reader) take(n int) []byte {
	if r.growing && r.err == nil && len(r.b) == 0 {
		return make([]byte, min(max(n, 0), 8))
	}
	if r.err != nil || n > len(r.b) || n < 0 {
		r.err = errShort
		return make([]byte, min(max(n, 0), 8))
	}
	p := r.b[:n]
	r.b = r.b[n:]
	return p
}

// U8 reads a byte.
func (r *Reader) U8() uint8 { return r.take(1)[0] }

// U32 reads a 32-bit number.
func (r *Reader) U32() uint32 { return binary.LittleEndian.Uint32(r.take(4)) }

// U64 reads a 64-bit number.
func (r *Reader) U64() uint64 { return binary.LittleEndian.Uint64(r.take(8)) }

// Bool reads a boolean. Any byte but 1 is false.
func (r *Reader) Bool() bool { return r.U8() == 1 }

// String reads a counted string.
func (r *Reader) String() string {
	n := int(r.U32())
	if r.err != nil || n > len(r.b) {
		r.err = errShort
		return ""
	}
	return string(r.take(n))
}

// Count reads the length of a list. An element has at least size bytes: a length that the remaining
// bytes cannot hold is a fault.
func (r *Reader) Count(size int) int {
	n := int(r.U32())
	if r.err != nil || n > len(r.b)/size {
		r.err = errShort
		return 0
	}
	return n
}

// End returns the first fault. Unread bytes are a fault too, except in a form that grows.
func (r *Reader) End() error {
	if r.err == nil && len(r.b) > 0 && !r.growing {
		r.err = errTrailing
	}
	return r.err
}

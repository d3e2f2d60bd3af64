// Package pack is the compact binary form of what berthd, supervisors and init stages pass on:
// little endian numbers, counted strings and lists. It uses no reflection, since it runs on the
// path of every start, and in processes that must stay small. It is pure.
package pack

import (
	"encoding/binary"
	"errors"
)

// errShort and errTrailing are the two ways in which a body can be malformed.
var (
	errShort    = errors.New("message is cut short")
	errTrailing = errors.New("message has trailing bytes")
)

// Writer appends values; the zero value is ready.
type Writer struct{ b []byte }

// Bytes is all that was appended.
func (w *Writer) Bytes() []byte { return w.b }

// U8 appends a byte.
func (w *Writer) U8(v uint8) { w.b = append(w.b, v) }

// U32 appends a number.
func (w *Writer) U32(v uint32) { w.b = binary.LittleEndian.AppendUint32(w.b, v) }

// U64 appends a number.
func (w *Writer) U64(v uint64) { w.b = binary.LittleEndian.AppendUint64(w.b, v) }

// Bool appends a truth value.
func (w *Writer) Bool(v bool) {
	if v {
		w.U8(1)
	} else {
		w.U8(0)
	}
}

// String appends a counted string.
func (w *Writer) String(s string) {
	w.U32(uint32(len(s)))
	w.b = append(w.b, s...)
}

// Reader takes values off in the order in which they were appended, and remembers the first fault:
// what it gives after that is zero.
type Reader struct {
	b       []byte
	err     error
	growing bool
}

// NewReader reads packed bytes.
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

// U8 takes a byte.
func (r *Reader) U8() uint8 { return r.take(1)[0] }

// U32 takes a number.
func (r *Reader) U32() uint32 { return binary.LittleEndian.Uint32(r.take(4)) }

// U64 takes a number.
func (r *Reader) U64() uint64 { return binary.LittleEndian.Uint64(r.take(8)) }

// Bool takes a truth value.
func (r *Reader) Bool() bool { return r.U8() == 1 }

// String takes a counted string.
func (r *Reader) String() string {
	n := int(r.U32())
	if r.err != nil || n > len(r.b) {
		r.err = errShort
		return ""
	}
	return string(r.take(n))
}

// Count takes a list's length; each element must take size bytes at least.
func (r *Reader) Count(size int) int {
	n := int(r.U32())
	if r.err != nil || n > len(r.b)/size {
		r.err = errShort
		return 0
	}
	return n
}

// End gives the first fault; bytes left over are one, but in a form that grows.
func (r *Reader) End() error {
	if r.err == nil && len(r.b) > 0 && !r.growing {
		r.err = errTrailing
	}
	return r.err
}

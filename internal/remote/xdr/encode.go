package xdr

import (
	"encoding/binary"
	"math"
)

// Encoder appends values to a packet. The zero value is ready.
type Encoder struct{ buf []byte }

// NewEncoder appends to buf.
func NewEncoder(buf []byte) *Encoder { return &Encoder{buf} }

// Bytes returns what was written. It is valid until the next value.
func (e *Encoder) Bytes() []byte { return e.buf }

// Len returns how many bytes were written.
func (e *Encoder) Len() int { return len(e.buf) }

// Truncate takes back everything after the first n bytes.
func (e *Encoder) Truncate(n int) { e.buf = e.buf[:n] }

// SetU32 changes an unsigned int that was written at a place.
func (e *Encoder) SetU32(at int, n uint32) { binary.BigEndian.PutUint32(e.buf[at:], n) }

// U32 writes an unsigned int.
func (e *Encoder) U32(n uint32) { e.buf = binary.BigEndian.AppendUint32(e.buf, n) }

// I32 writes an int.
func (e *Encoder) I32(n int32) { e.U32(uint32(n)) }

// U64 writes an unsigned hyper.
func (e *Encoder) U64(n uint64) { e.buf = binary.BigEndian.AppendUint64(e.buf, n) }

// I64 writes a hyper.
func (e *Encoder) I64(n int64) { e.U64(uint64(n)) }

// Double writes a double.
func (e *Encoder) Double(f float64) { e.U64(math.Float64bits(f)) }

// Bool writes an int that is 0 or 1.
func (e *Encoder) Bool(b bool) {
	if b {
		e.U32(1)
	} else {
		e.U32(0)
	}
}

// Fixed writes bytes without their number, such as a uuid.
func (e *Encoder) Fixed(b []byte) {
	e.buf = append(e.buf, b...)
	e.pad(len(b))
}

// Opaque writes bytes with their number.
func (e *Encoder) Opaque(b []byte) {
	e.U32(uint32(len(b)))
	e.Fixed(b)
}

// Text writes a text.
func (e *Encoder) Text(s string) {
	e.U32(uint32(len(s)))
	e.buf = append(e.buf, s...)
	e.pad(len(s))
}

// OptionalText writes a text that is there if it is not "".
func (e *Encoder) OptionalText(s string) {
	e.Bool(s != "")
	if s != "" {
		e.Text(s)
	}
}

// Raw appends bytes as they are.
func (e *Encoder) Raw(b []byte) { e.buf = append(e.buf, b...) }

func (e *Encoder) pad(n int) {
	for range padding(n) {
		e.buf = append(e.buf, 0)
	}
}

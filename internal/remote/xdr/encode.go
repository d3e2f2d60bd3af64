package xdr

import (
	"encoding/binary"
	"fmt"
	"math"
)

// MaxPacket is the longest packet of the protocol, in bytes, with its length.
const MaxPacket = 32<<20 + 4

// Encoder appends values to a packet. The zero value is ready. After the first value that is too long it appends
// nothing.
type Encoder struct {
	buf []byte
	err error
}

// NewEncoder appends to buf.
func NewEncoder(buf []byte) *Encoder { return &Encoder{buf: buf} }

// Err returns an error that wraps ErrLong if a value, or all together, was longer than clients take. The packet is of
// no use then.
func (e *Encoder) Err() error { return e.err }

// fits reports whether n bytes more may be written: the one place with the bounds of what is sent.
func (e *Encoder) fits(n, most int) bool {
	switch {
	case e.err != nil:
	case n > most:
		e.err = fmt.Errorf("%w: a value of %d bytes, the limit is %d", ErrLong, n, most)
	case n > MaxPacket-len(e.buf):
		e.err = fmt.Errorf("%w: a packet of %d bytes, the limit is %d", ErrLong, len(e.buf)+n, MaxPacket)
	}
	return e.err == nil
}

// Bytes returns what was written. It is valid until the next value.
func (e *Encoder) Bytes() []byte { return e.buf }

// Len returns how many bytes were written.
func (e *Encoder) Len() int { return len(e.buf) }

// Truncate takes back everything after the first n bytes, and so what was too long.
func (e *Encoder) Truncate(n int) { e.buf, e.err = e.buf[:n], nil }

// SetU32 changes an unsigned int that was written at a place. It does nothing after a value that was too long.
func (e *Encoder) SetU32(at int, n uint32) {
	if e.err == nil {
		binary.BigEndian.PutUint32(e.buf[at:], n)
	}
}

// U32 writes an unsigned int.
func (e *Encoder) U32(n uint32) {
	if e.fits(4, 4) {
		e.buf = binary.BigEndian.AppendUint32(e.buf, n)
	}
}

// I32 writes an int.
func (e *Encoder) I32(n int32) { e.U32(uint32(n)) }

// U64 writes an unsigned hyper.
func (e *Encoder) U64(n uint64) {
	if e.fits(8, 8) {
		e.buf = binary.BigEndian.AppendUint64(e.buf, n)
	}
}

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
	if e.fits(len(b)+padding(len(b)), MaxPacket) {
		e.buf = append(e.buf, b...)
		e.pad(len(b))
	}
}

// Opaque writes bytes with their number.
func (e *Encoder) Opaque(b []byte) {
	e.U32(uint32(len(b)))
	e.Fixed(b)
}

// Text writes a text of at most MaxString bytes.
func (e *Encoder) Text(s string) {
	if !e.fits(len(s), MaxString) || !e.fits(4+len(s)+padding(len(s)), MaxPacket) {
		return
	}
	e.buf = binary.BigEndian.AppendUint32(e.buf, uint32(len(s)))
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
func (e *Encoder) Raw(b []byte) {
	if e.fits(len(b), MaxPacket) {
		e.buf = append(e.buf, b...)
	}
}

func (e *Encoder) pad(n int) {
	for range padding(n) {
		e.buf = append(e.buf, 0)
	}
}

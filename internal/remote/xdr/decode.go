package xdr

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"
)

// MaxString is the longest string of the protocol, in bytes.
const MaxString = 4 << 20

// The mistakes.
var (
	ErrShort   = errors.New("the packet ends within its arguments")
	ErrLong    = errors.New("a length is above its bound")
	ErrBoolean = errors.New("an optional value is neither there nor absent")
	ErrText    = errors.New("a text is not UTF-8, or has a zero byte")
	ErrType    = errors.New("a typed parameter is of an unknown type")
)

// Decoder reads values one after the other. After the first mistake it returns zero values only.
type Decoder struct {
	rest []byte
	err  error
}

// NewDecoder reads from b, which must not change meanwhile.
func NewDecoder(b []byte) *Decoder { return &Decoder{rest: b} }

// Err returns the first mistake. Bytes that are left are none: libvirt ignores them.
func (d *Decoder) Err() error { return d.err }

// Left returns how many bytes are left.
func (d *Decoder) Left() int { return len(d.rest) }

func (d *Decoder) fail(err error) {
	if d.err == nil {
		d.err = err
	}
	d.rest = nil
}

// take returns the next n bytes, nil if there are fewer.
func (d *Decoder) take(n int) []byte {
	if d.err != nil || n > len(d.rest) {
		d.fail(ErrShort)
		return nil
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

// U32 reads an unsigned int.
func (d *Decoder) U32() uint32 {
	b := d.take(4)
	if b == nil {
		return 0
	}
	return binary.BigEndian.Uint32(b)
}

// I32 reads an int.
func (d *Decoder) I32() int32 { return int32(d.U32()) }

// U64 reads an unsigned hyper.
func (d *Decoder) U64() uint64 {
	b := d.take(8)
	if b == nil {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

// I64 reads a hyper.
func (d *Decoder) I64() int64 { return int64(d.U64()) }

// Double reads a double.
func (d *Decoder) Double() float64 { return math.Float64frombits(d.U64()) }

// Opaque reads a counted run of at most most bytes. It is a part of the packet, not a copy.
func (d *Decoder) Opaque(most int) []byte {
	n := d.U32()
	if d.err == nil && uint64(n) > uint64(most) {
		d.fail(fmt.Errorf("%w: %d bytes, the limit is %d", ErrLong, n, most))
	}
	if d.err != nil {
		return nil
	}
	b := d.take(int(n))
	d.take(padding(int(n)))
	if d.err != nil {
		return nil
	}
	return b
}

// Text reads a text: UTF-8 without zero bytes.
func (d *Decoder) Text() string {
	b := d.Opaque(MaxString)
	if !utf8.Valid(b) || bytes.IndexByte(b, 0) >= 0 {
		d.fail(ErrText)
		return ""
	}
	return string(b)
}

// Present reads whether an optional value follows.
func (d *Decoder) Present() bool {
	switch d.U32() {
	case 0:
		return false
	case 1:
		return d.err == nil
	}
	d.fail(ErrBoolean)
	return false
}

// OptionalText reads a text that may be absent, which is "" and false.
func (d *Decoder) OptionalText() (string, bool) {
	if !d.Present() {
		return "", false
	}
	s := d.Text()
	return s, d.err == nil
}

// Count reads the number of an array's elements: at most most, and each of at least least bytes.
func (d *Decoder) Count(most, least int) int {
	n := d.U32()
	switch {
	case d.err != nil:
	case uint64(n) > uint64(most):
		d.fail(fmt.Errorf("%w: %d elements, the limit is %d", ErrLong, n, most))
	case uint64(n)*uint64(least) > uint64(len(d.rest)):
		d.fail(ErrShort)
	default:
		return int(n)
	}
	return 0
}

// padding returns how many bytes follow n bytes, up to the next multiple of four.
func padding(n int) int { return -n & 3 }

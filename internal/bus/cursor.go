package bus

import (
	"bytes"
	"encoding/binary"
	"errors"
	"unicode/utf8"
)

// byteOrder is binary.LittleEndian or binary.BigEndian.
type byteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// What can be wrong with marshalled values.
var (
	errShort     = errors.New("a value ends behind the end")
	errPadding   = errors.New("padding is not zero")
	errString    = errors.New("a string is not UTF-8 without zero bytes and with one behind it")
	errPath      = errors.New("an object path is invalid")
	errSignature = errors.New("a signature is invalid")
)

// cursor reads marshalled values. Their alignment counts from the first byte.
type cursor struct {
	order byteOrder
	b     []byte
	at    int
}

func (c *cursor) left() int { return len(c.b) - c.at }

func (c *cursor) skip(n int) error {
	if n > c.left() {
		return errShort
	}
	c.at += n
	return nil
}

// align goes on to a multiple of n, which is a power of two.
func (c *cursor) align(n int) error {
	end := (c.at + n - 1) &^ (n - 1)
	if end > len(c.b) {
		return errShort
	}
	for ; c.at < end; c.at++ {
		if c.b[c.at] != 0 {
			return errPadding
		}
	}
	return nil
}

func (c *cursor) byte() (byte, error) {
	if c.left() < 1 {
		return 0, errShort
	}
	c.at++
	return c.b[c.at-1], nil
}

func (c *cursor) uint32() (uint32, error) {
	if err := c.align(4); err != nil {
		return 0, err
	}
	if c.left() < 4 {
		return 0, errShort
	}
	c.at += 4
	return c.order.Uint32(c.b[c.at-4:]), nil
}

// text reads a string or an object path. The bytes stay the cursor's.
func (c *cursor) text() ([]byte, error) {
	n, err := c.uint32()
	if err != nil {
		return nil, err
	}
	return c.terminated(int64(n))
}

// signature reads what may be a signature.
func (c *cursor) signature() ([]byte, error) {
	n, err := c.byte()
	if err != nil {
		return nil, err
	}
	return c.terminated(int64(n))
}

// terminated reads n bytes of text and the zero byte behind them.
func (c *cursor) terminated(n int64) ([]byte, error) {
	if n >= int64(c.left()) {
		return nil, errShort
	}
	s := c.b[c.at : c.at+int(n)]
	c.at += int(n) + 1
	if c.b[c.at-1] != 0 || bytes.IndexByte(s, 0) >= 0 || !utf8.Valid(s) {
		return nil, errString
	}
	return s, nil
}

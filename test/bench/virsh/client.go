package virsh

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/berthd/berth/internal/remote/xdr"
)

// The procedures that are called, of program 0x20008086.
const (
	procOpen   = 1
	procStart  = 9
	procDefine = 11
	procInfo   = 16
	procAuth   = 66 // which ways to authenticate there are
)

const (
	program    = 0x20008086
	version    = 1
	headSize   = 28
	longest    = 1 << 20          // bytes of a reply
	callAtMost = 30 * time.Second // a start is the longest call
)

// client is a connection to a daemon that speaks libvirt's remote protocol. It makes one call at a time.
type client struct {
	stream net.Conn
	serial uint32
	buf    []byte
}

// dial opens a connection as root, who need not authenticate.
func dial(ctx context.Context, socket, uri string) (*client, error) {
	stream, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, err
	}
	c := &client{stream: stream}
	if _, err = c.call(procAuth, nil); err == nil {
		_, err = c.call(procOpen, func(e *xdr.Encoder) {
			e.OptionalText(uri)
			e.U32(0)
		})
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s on %s: %w", uri, socket, err), stream.Close())
	}
	return c, nil
}

// call makes a call and returns its result. That is valid until the next call.
func (c *client) call(procedure uint32, write func(*xdr.Encoder)) (*xdr.Decoder, error) {
	c.serial++
	e := xdr.NewEncoder(c.buf[:0])
	for _, word := range []uint32{0, program, version, procedure, 0, c.serial, 0} {
		e.U32(word)
	}
	if write != nil {
		write(e)
	}
	e.SetU32(0, uint32(e.Len()))
	c.buf = e.Bytes()
	if err := c.stream.SetDeadline(time.Now().Add(callAtMost)); err != nil {
		return nil, err
	}
	if _, err := c.stream.Write(c.buf); err != nil {
		return nil, err
	}
	return c.reply(procedure)
}

func (c *client) reply(procedure uint32) (*xdr.Decoder, error) {
	var head [headSize]byte
	if _, err := io.ReadFull(c.stream, head[:]); err != nil {
		return nil, fmt.Errorf("procedure %d: %w", procedure, err)
	}
	word := func(n int) uint32 { return binary.BigEndian.Uint32(head[4*n:]) }
	length := word(0)
	if length < headSize || length > longest || word(1) != program || word(3) != procedure || word(5) != c.serial {
		return nil, fmt.Errorf("procedure %d, serial %d: the reply begins with % x", procedure, c.serial, head)
	}
	if need := int(length) - headSize; cap(c.buf) < need {
		c.buf = make([]byte, need)
	}
	body := c.buf[:length-headSize]
	if _, err := io.ReadFull(c.stream, body); err != nil {
		return nil, fmt.Errorf("procedure %d: %w", procedure, err)
	}
	d := xdr.NewDecoder(body)
	if word(6) == 0 {
		return d, nil
	}
	code, _ := d.I32(), d.I32()
	message, _ := d.OptionalText()
	return nil, fmt.Errorf("procedure %d: error %d: %s", procedure, code, message)
}

func (c *client) define(document string) (xdr.Domain, error) {
	d, err := c.call(procDefine, func(e *xdr.Encoder) { e.Text(document) })
	if err != nil {
		return xdr.Domain{}, err
	}
	domain := d.Domain()
	return domain, d.Err()
}

func (c *client) start(domain xdr.Domain) error {
	_, err := c.call(procStart, func(e *xdr.Encoder) { e.Domain(domain) })
	return err
}

// info is what virDomainGetInfo returns.
type info struct {
	state       uint32
	maximum     uint64 // KiB
	memory      uint64 // KiB
	vcpus       uint32
	nanoseconds uint64
}

func (c *client) info(domain xdr.Domain) (info, error) {
	d, err := c.call(procInfo, func(e *xdr.Encoder) { e.Domain(domain) })
	if err != nil {
		return info{}, err
	}
	i := info{state: d.U32(), maximum: d.U64(), memory: d.U64(), vcpus: d.U32(), nanoseconds: d.U64()}
	return i, d.Err()
}

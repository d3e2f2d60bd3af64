package nbd

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// The magic numbers and bits of the handshake.
const (
	magic           = 0x4e42444d41474943 // "NBDMAGIC"
	optionMagic     = 0x49484156454f5054 // "IHAVEOPT"
	fixedNewStyle   = 1 << 0
	noZeroes        = 1 << 1
	optExportName   = 1
	flagReadOnly    = 1 << 1
	greetingSize    = 18
	descriptionSize = 10
	zeroesSize      = 124
)

// Export is a server's description of the device that it exports.
type Export struct {
	Size  uint64 // bytes
	Flags uint16 // NBD_FLAG_*, passed on to the kernel
}

// ReadOnly reports whether the server refuses writes.
func (e Export) ReadOnly() bool { return e.Flags&flagReadOnly != 0 }

// Negotiate asks the server at the other end of a stream for its default export. It returns an
// ErrEnded if the server closes the connection. Afterwards the stream is in the transmission phase, and
// can be passed to Attach.
func Negotiate(server io.ReadWriter) (Export, error) {
	greeting := make([]byte, greetingSize)
	if _, err := io.ReadFull(server, greeting); err != nil {
		return Export{}, ended(err)
	}
	flags := binary.BigEndian.Uint16(greeting[16:])
	if binary.BigEndian.Uint64(greeting) != magic || binary.BigEndian.Uint64(greeting[8:]) != optionMagic || flags&fixedNewStyle == 0 {
		return Export{}, errors.New("the NBD server does not support fixed newstyle negotiation")
	}
	answer := binary.BigEndian.AppendUint32(nil, uint32(flags&(fixedNewStyle|noZeroes)))
	answer = binary.BigEndian.AppendUint64(answer, optionMagic)
	answer = binary.BigEndian.AppendUint32(answer, optExportName)
	answer = binary.BigEndian.AppendUint32(answer, 0) // the length of the name: the default export has none
	if _, err := server.Write(answer); err != nil {
		return Export{}, ended(err)
	}
	description := make([]byte, descriptionSize, descriptionSize+zeroesSize)
	if flags&noZeroes == 0 {
		description = description[:cap(description)]
	}
	if _, err := io.ReadFull(server, description); err != nil {
		return Export{}, ended(err)
	}
	e := Export{Size: binary.BigEndian.Uint64(description), Flags: binary.BigEndian.Uint16(description[8:])}
	if e.Size > math.MaxInt64 {
		return Export{}, fmt.Errorf("the NBD server's export has %d bytes, more than a device can have", e.Size)
	}
	return e, nil
}

// ErrEnded is returned if the server ends the connection. That is the usual error: a qemu-nbd that
// cannot serve its image exits.
var ErrEnded = errors.New("the NBD server ended the connection")

func ended(err error) error { return fmt.Errorf("%w: %w", ErrEnded, err) }

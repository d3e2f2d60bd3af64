package bus

import (
	"encoding/binary"
	"fmt"

	"github.com/godbus/dbus/v5"
)

const (
	frameSize = 16 // bytes at the front of every message, up to its fields

	// What the specification admits.
	maxArray   = 64 << 20
	maxMessage = 128 << 20

	// maxFields bounds the header fields that are looked at, in bytes: the longest that the buses and
	// systemd make are of 2 KiB.
	maxFields = 64 << 10
)

// frame is the part of a message that is of a fixed size.
type frame struct {
	order  byteOrder
	kind   dbus.Type
	flags  dbus.Flags
	serial uint32
	fields int // bytes of the header fields, without padding
	length int // bytes of the body
}

// parseFrame reads a frame. An error means that nobody can tell where the next message begins.
func parseFrame(b *[frameSize]byte) (frame, error) {
	f := frame{kind: dbus.Type(b[1]), flags: dbus.Flags(b[2])}
	switch b[0] {
	case 'l':
		f.order = binary.LittleEndian
	case 'B':
		f.order = binary.BigEndian
	default:
		return f, fmt.Errorf("message in byte order %q", b[0])
	}
	if b[3] != 1 {
		return f, fmt.Errorf("message of protocol version %d", b[3])
	}
	length, fields := f.order.Uint32(b[4:]), f.order.Uint32(b[12:])
	if fields > maxArray || uint64(frameSize)+uint64(pad(int(fields)))+uint64(length) > maxMessage {
		return f, fmt.Errorf("message with %d bytes of header and %d of body", fields, length)
	}
	f.length, f.serial, f.fields = int(length), f.order.Uint32(b[8:]), int(fields)
	return f, nil
}

// pad is the next multiple of 8: where the body begins.
func pad(n int) int { return (n + 7) &^ 7 }

package dbusapi

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/godbus/dbus/v5"
)

// maxMessage is the default limit of the system bus, which hangs up on who sends more. Our own
// refusal costs only the one call.
const maxMessage = 32 << 20

// encode makes the bytes of a message. It is done by who has the message rather than by
// dbus.Conn.Send, which encodes twice and under the lock that every other writer waits for: a
// long reply to one caller would hold up all.
func encode(msg *dbus.Message, serial uint32) ([]byte, error) {
	var ready marshalled
	if len(msg.Body) == 1 {
		ready, _ = msg.Body[0].(marshalled)
	}
	switch {
	case ready.signature != "":
		signature, err := dbus.ParseSignature(ready.signature)
		if err != nil {
			return nil, fmt.Errorf("encode: %w", err)
		}
		msg.Headers[dbus.FieldSignature], msg.Body = dbus.MakeVariant(signature), nil
	case len(msg.Body) > 0:
		msg.Headers[dbus.FieldSignature] = dbus.MakeVariant(dbus.SignatureOf(msg.Body...))
	}
	var b bytes.Buffer
	if err := msg.EncodeTo(&b, binary.LittleEndian); err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	if ready.signature != "" { // the header ends aligned, and its second word is the body's length
		binary.LittleEndian.PutUint32(b.Bytes()[4:], uint32(len(ready.bytes)))
		b.Write(ready.bytes)
	}
	if b.Len() > maxMessage {
		return nil, fmt.Errorf("encode: a message of %d bytes is more than the bus takes", b.Len())
	}
	// The header starts with four bytes, the body's length and then the serial, which godbus
	// lets nobody else set.
	binary.LittleEndian.PutUint32(b.Bytes()[8:], serial)
	return b.Bytes(), nil
}

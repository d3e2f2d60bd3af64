package bus

import (
	"encoding/binary"

	"github.com/godbus/dbus/v5"
)

// appendHeader writes a header as godbus shall read it, up to the body, in the byte order that the
// message came in. Fields that nobody knows are not in it, and neither is a body that had a Fault.
func appendHeader(b []byte, h *Header) []byte {
	mark := byte('l')
	if h.order == binary.BigEndian {
		mark = 'B'
	}
	signature, length := h.Signature, h.Length
	if h.Fault != nil {
		signature, length = "", 0
	}
	b = append(b, mark, byte(h.Kind), byte(h.Flags), 1)
	b = h.order.AppendUint32(b, uint32(length))
	b = h.order.AppendUint32(b, h.Serial)
	b = append(b, 0, 0, 0, 0) // the length of the fields, below
	for _, f := range []struct {
		field dbus.HeaderField
		value string
	}{
		{dbus.FieldPath, h.Path},
		{dbus.FieldInterface, h.Interface},
		{dbus.FieldMember, h.Member},
		{dbus.FieldErrorName, h.ErrorName},
		{dbus.FieldDestination, h.Destination},
		{dbus.FieldSender, h.Sender},
	} {
		if f.value != "" {
			b = appendField(b, f.field)
			b = h.order.AppendUint32(b, uint32(len(f.value)))
			b = append(append(b, f.value...), 0)
		}
	}
	if h.ReplySerial != 0 {
		b = h.order.AppendUint32(appendField(b, dbus.FieldReplySerial), h.ReplySerial)
	}
	if signature != "" {
		b = append(appendField(b, dbus.FieldSignature), byte(len(signature)))
		b = append(append(b, signature...), 0)
	}
	h.order.PutUint32(b[12:], uint32(len(b)-frameSize))
	return appendZeros(b, pad(len(b)))
}

// appendField begins a field: its code and type.
func appendField(b []byte, field dbus.HeaderField) []byte {
	return append(appendZeros(b, pad(len(b))), byte(field), 1, fieldTypes[field], 0)
}

func appendZeros(b []byte, until int) []byte {
	for len(b) < until {
		b = append(b, 0)
	}
	return b
}

// failure makes, of a reply whose body is not as expected, the error that the caller gets instead.
func failure(h *Header, name, text string) (head, body []byte) {
	failed := &Header{
		Kind: dbus.TypeError, Serial: h.Serial, ReplySerial: h.ReplySerial, ErrorName: name,
		Destination: h.Destination, Sender: h.Sender, Signature: "s", order: h.order,
	}
	body = failed.order.AppendUint32(nil, uint32(len(text)))
	body = append(append(body, text...), 0)
	failed.Length = len(body)
	return appendHeader(nil, failed), body
}

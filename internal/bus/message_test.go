package bus

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/godbus/dbus/v5"
)

// fields are the header fields of a test's message, by number.
type fields map[dbus.HeaderField]any

// message marshals a message with a body that may be anything.
func message(t testing.TB, order byteOrder, kind dbus.Type, flags dbus.Flags, serial uint32, f fields, body []byte) []byte {
	t.Helper()
	msg := &dbus.Message{Type: kind, Flags: flags, Headers: map[dbus.HeaderField]dbus.Variant{}}
	for field, value := range f {
		if field == dbus.FieldSignature {
			// Not ParseSignatureMust: the tests send what is no signature to us.
			msg.Headers[field] = dbus.MakeVariantWithSignature(signatureOf(t, value.(string)), dbus.ParseSignatureMust("g"))
			continue
		}
		msg.Headers[field] = dbus.MakeVariant(value)
	}
	var b bytes.Buffer
	if err := msg.EncodeTo(&b, order); err != nil {
		t.Fatal(err)
	}
	b.Write(body)
	order.PutUint32(b.Bytes()[4:], uint32(len(body)))
	order.PutUint32(b.Bytes()[8:], serial)
	return b.Bytes()
}

func signatureOf(t testing.TB, s string) dbus.Signature {
	t.Helper()
	sig, err := dbus.ParseSignature(s)
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

// values marshals values as the body of a message in little endian.
func values(t testing.TB, vs ...any) (signature string, body []byte) {
	t.Helper()
	return valuesIn(t, binary.LittleEndian, vs...)
}

func valuesIn(t testing.TB, order byteOrder, vs ...any) (signature string, body []byte) {
	t.Helper()
	msg := &dbus.Message{Type: dbus.TypeMethodReply, Body: vs, Headers: map[dbus.HeaderField]dbus.Variant{
		dbus.FieldReplySerial: dbus.MakeVariant(uint32(1)), dbus.FieldSignature: dbus.MakeVariant(dbus.SignatureOf(vs...)),
	}}
	var b bytes.Buffer
	if err := msg.EncodeTo(&b, order); err != nil {
		t.Fatal(err)
	}
	return dbus.SignatureOf(vs...).String(), b.Bytes()[b.Len()-int(order.Uint32(b.Bytes()[4:])):]
}

// decode has godbus decode a body of a signature.
func decode(t testing.TB, order byteOrder, signature string, body []byte) ([]any, error) {
	t.Helper()
	h := &Header{Kind: dbus.TypeMethodReply, Serial: 1, ReplySerial: 1, Signature: signature, Length: len(body), order: order}
	msg, err := dbus.DecodeMessage(bytes.NewReader(append(appendHeader(nil, h), body...)))
	if err != nil {
		return nil, err
	}
	return msg.Body, nil
}

package bus

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/godbus/dbus/v5"
)

// marshal encodes values as the body of a message.
func marshal(t *testing.T, order binary.ByteOrder, values ...any) []byte {
	t.Helper()
	msg := &dbus.Message{Type: dbus.TypeSignal, Headers: map[dbus.HeaderField]dbus.Variant{
		dbus.FieldPath: dbus.MakeVariant(dbus.ObjectPath("/a")), dbus.FieldInterface: dbus.MakeVariant("a.b"), dbus.FieldMember: dbus.MakeVariant("C"),
		dbus.FieldSignature: dbus.MakeVariant(dbus.SignatureOf(values...)),
	}}
	var empty, whole bytes.Buffer
	if err := msg.EncodeTo(&empty, order); err != nil {
		t.Fatal(err)
	}
	msg.Body = values
	if err := msg.EncodeTo(&whole, order); err != nil {
		t.Fatal(err)
	}
	return whole.Bytes()[empty.Len():]
}

// TestValues: a caller reads from a body what was put into it, in both byte orders.
func TestValues(t *testing.T) {
	t.Parallel()
	type row struct {
		Name string
		N    uint32
		Path dbus.ObjectPath
		Map  map[string]uint64
	}
	for _, order := range []byteOrder{binary.LittleEndian, binary.BigEndian} {
		body := marshal(t, order, []row{{"web", 7, "/a", map[string]uint64{"x": 1 << 40}}, {"", 8, "/b", nil}}, uint64(9))
		v := Values{cursor{order: order, b: body}}
		got := ""
		v.Array(func() {
			got += fmt.Sprintf("%s %d %s", v.Text(), v.Uint32(), v.Text())
			v.Array(func() { got += fmt.Sprintf(" %s=%d", v.Text(), v.Uint64()) })
			got += "; "
		})
		if got += fmt.Sprint(v.Uint64()); got != fmt.Sprintf("web 7 /a x=%d;  8 /b; 9", 1<<40) {
			t.Errorf("%v: %s", order, got)
		}
	}
}

// TestValuesEnd: whatever a body has, and whatever a caller reads from it, reading ends.
func TestValuesEnd(t *testing.T) {
	t.Parallel()
	for _, body := range [][]byte{nil, {0xff, 0xff, 0xff, 0x7f}, bytes.Repeat([]byte{0xff}, 64), bytes.Repeat([]byte{0}, 64), {8, 0, 0, 0, 1, 1, 1, 1, 1}} {
		v := Values{cursor{order: binary.LittleEndian, b: body}}
		for range 100 {
			v.Array(func() {})
			v.Array(func() { _, _, _ = v.Text(), v.Uint32(), v.Uint64() })
		}
		if n, s := v.Uint64(), v.Text(); v.c.left() == 0 && (n != 0 || len(s) > 0) {
			t.Errorf("%x: behind the end are %d and %q", body, n, s)
		}
	}
}

package bus

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// parse reads the header of a whole message.
func parse(msg []byte) (*Header, error) {
	f, err := parseFrame((*[frameSize]byte)(msg))
	if err != nil {
		return nil, err
	}
	return parseHeader(f, msg[frameSize:frameSize+pad(f.fields)])
}

// TestFrame: a message whose end nobody can know, or that the specification forbids by its size, is told from all
// others.
func TestFrame(t *testing.T) {
	t.Parallel()
	good := "l\x04\x00\x01\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00"
	for name, c := range map[string]struct {
		frame string
		ok    bool
	}{
		"little endian":    {good, true},
		"big endian":       {"B" + good[1:], true},
		"unknown type":     {"l\x09" + good[2:], true},
		"another order":    {"x" + good[1:], false},
		"another version":  {good[:3] + "\x02" + good[4:], false},
		"longest body":     {good[:4] + "\xf0\xff\xff\x07" + good[8:], true},
		"body too long":    {good[:4] + "\xf1\xff\xff\x07" + good[8:], false},
		"body of 4 GiB":    {good[:4] + "\xff\xff\xff\xff" + good[8:], false},
		"fields too long":  {good[:12] + "\x01\x00\x00\x04", false},
		"fields of 4 GiB":  {good[:12] + "\xff\xff\xff\xff", false},
		"sum that is zero": {good[:4] + "\x00\x00\x00\x80" + good[8:12] + "\xf0\xff\xff\x7f", false},
	} {
		if f, err := parseFrame((*[frameSize]byte)([]byte(c.frame))); (err == nil) != c.ok {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
	}
}

// TestHeader: every field arrives, in both byte orders, and godbus reads what we write the same way.
func TestHeader(t *testing.T) {
	t.Parallel()
	for _, order := range []byteOrder{binary.LittleEndian, binary.BigEndian} {
		signature, body := valuesIn(t, order, "text", uint32(7))
		msg := message(t, order, dbus.TypeSignal, dbus.FlagNoAutoStart, 77, fields{
			dbus.FieldPath: dbus.ObjectPath("/a/b"), dbus.FieldInterface: "a.b_c.D1", dbus.FieldMember: "Changed", dbus.FieldSender: ":1.7",
			dbus.FieldDestination: ":1.9", dbus.FieldSignature: signature,
		}, body)
		h, err := parse(msg)
		if err != nil {
			t.Fatal(err)
		}
		want := &Header{
			Kind: dbus.TypeSignal, Flags: dbus.FlagNoAutoStart, Serial: 77, Path: "/a/b", Interface: "a.b_c.D1", Member: "Changed",
			Destination: ":1.9", Sender: ":1.7", Signature: "su", Length: len(body),
		}
		if diff := cmp.Diff(want, h, cmpopts.IgnoreUnexported(Header{})); diff != "" {
			t.Errorf("want (-), got (+):\n%s", diff)
		}
		theirs, err := dbus.DecodeMessage(bytes.NewReader(msg))
		if err != nil {
			t.Fatal(err)
		}
		ours, err := dbus.DecodeMessage(bytes.NewReader(append(appendHeader(nil, h), body...)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(theirs, ours, cmp.AllowUnexported(dbus.Message{}, dbus.Variant{}, dbus.Signature{})); diff != "" {
			t.Errorf("as it came (-), as we write it (+):\n%s", diff)
		}
	}
}

// field marshals a header field by hand.
func field(code byte, signature, value string) string {
	f := string([]byte{code, byte(len(signature))}) + signature + "\x00"
	return f + strings.Repeat("\x00", -len(f)&(alignment(signature[0])-1)) + value
}

func marshalled(s string) string {
	return string(binary.LittleEndian.AppendUint32(nil, uint32(len(s)))) + s + "\x00"
}

// byHand makes a message of fields that no library would write.
func byHand(kind byte, serial uint32, fields ...string) []byte {
	b := []byte{'l', kind, 0xff, 1, 0, 0, 0, 0}
	b = binary.LittleEndian.AppendUint32(b, serial)
	b = append(b, 0, 0, 0, 0)
	for _, f := range fields {
		b = append(appendZeros(b, pad(len(b))), f...)
	}
	binary.LittleEndian.PutUint32(b[12:], uint32(len(b)-frameSize))
	return appendZeros(b, pad(len(b)))
}

// TestHeaderOdd: fields and flags of later versions are ignored; what contradicts the specification makes
// a message nobody's.
func TestHeaderOdd(t *testing.T) {
	t.Parallel()
	path, iface, member := field(1, "o", marshalled("/")), field(2, "s", marshalled("a.b")), field(3, "s", marshalled("c"))
	for name, c := range map[string]struct {
		msg  []byte
		want error
	}{
		"as it should be":       {byHand(4, 1, path, iface, member), nil},
		"unknown field":         {byHand(4, 1, path, field(42, "as", "\x00\x00\x00\x00"), iface, member), nil},
		"unknown bad field":     {byHand(4, 1, path, field(42, "b", "\x07\x00\x00\x00"), iface, member), errBoolean},
		"unknown, of two types": {byHand(4, 1, path, field(42, "yy", "\x01\x02"), iface, member), errField},
		"unknown, of no type":   {byHand(4, 1, path, "\x2a\x00\x00\x00\x00\x00\x00\x00", iface, member), errField},
		"unknown, of bad type":  {byHand(4, 1, path, field(42, "a(", "\x00\x00\x00\x00"), iface, member), errField},
		"unknown, of odd type":  {byHand(4, 1, path, field(42, "(a{gb}h)", strings.Repeat("\x00", 12)), iface, member), nil},
		"field 0":               {byHand(4, 1, path, iface, member, field(0, "y", "\x01")), errField},
		"path as a string":      {byHand(4, 1, field(1, "s", marshalled("/")), iface, member), errField},
		"bad path":              {byHand(4, 1, field(1, "o", marshalled("//")), iface, member), errName},
		"bad interface":         {byHand(4, 1, path, field(2, "s", marshalled("a")), member), errName},
		"bad member":            {byHand(4, 1, path, iface, field(3, "s", marshalled("c.d"))), errName},
		"long sender":           {byHand(4, 1, path, iface, member, field(7, "s", marshalled(":1."+strings.Repeat("1", 300)))), errName},
		"odd signature":         {byHand(4, 1, path, iface, member, field(8, "g", "\x02a(\x00")), nil},
		"descriptors":           {byHand(4, 1, path, iface, member, field(9, "u", "\x01\x00\x00\x00")), nil},
		"no descriptors":        {byHand(4, 1, path, iface, member, field(9, "u", "\x00\x00\x00\x00")), nil},
		"twice":                 {byHand(4, 1, path, iface, member, member), errTwice},
		"no member":             {byHand(4, 1, path, iface), errMissing},
		"no path":               {byHand(1, 1, iface, member), errMissing},
		"call":                  {byHand(1, 1, path, member), nil},
		"reply":                 {byHand(2, 1, field(5, "u", "\x07\x00\x00\x00")), nil},
		"reply to nothing":      {byHand(2, 1), errMissing},
		"reply to 0":            {byHand(2, 1, field(5, "u", "\x00\x00\x00\x00")), errSerial},
		"error without a name":  {byHand(3, 1, field(5, "u", "\x07\x00\x00\x00")), errMissing},
		"serial 0":              {byHand(4, 0, path, iface, member), errSerial},
		"type 0":                {byHand(0, 1, path, iface, member), errKind},
		"type 5":                {byHand(5, 1, path, iface, member), errKind},
		"bytes behind":          {byHand(4, 1, path, iface, member, "\x00\x00\x00\x00\x00\x00\x00\x00"), errField},
		"one byte behind":       {byHand(4, 1, path, iface, member, "\x00"), errField},
		"cut":                   {byHand(4, 1, path, iface, member[:5]), errShort},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, err := parse(c.msg)
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if err == nil && h.Flags != knownFlags {
				t.Errorf("flags %#x", h.Flags)
			}
		})
	}
}

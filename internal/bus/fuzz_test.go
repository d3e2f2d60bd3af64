package bus

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"
)

func orderOf(big bool) byteOrder {
	if big {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// FuzzHeader: a header that is let through is one that godbus reads, and that we write and read the same
// way again.
func FuzzHeader(f *testing.F) {
	f.Add(byte(4), []byte(strings.TrimPrefix(string(byHand(4, 1, field(1, "o", marshalled("/")), field(2, "s", marshalled("a.b")), field(3, "s", marshalled("c")))), "")[frameSize:]), false)
	f.Add(byte(2), byHand(2, 1, field(5, "u", "\x07\x00\x00\x00"), field(8, "g", "\x05a{sv}\x00"), field(42, "v", "\x01v\x00\x01y\x00\x07"))[frameSize:], false)
	f.Add(byte(1), byHand(1, 1, field(1, "s", "/"), field(9, "u", "\x01\x00\x00\x00"))[frameSize:], true)
	f.Fuzz(func(t *testing.T, kind byte, b []byte, big bool) {
		b = b[:len(b)&^7]
		for n := max(0, len(b)-7); n <= len(b); n++ {
			h, err := parseHeader(frame{order: orderOf(big), kind: dbus.Type(kind), serial: 1, fields: n}, b)
			if err != nil {
				continue
			}
			h.Signature, h.Descriptors = "", 0
			written := appendHeader(nil, h)
			if _, err := dbus.DecodeMessage(bytes.NewReader(written)); err != nil {
				t.Fatalf("%+v: %v", h, err)
			}
			again, err := parse(written)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(h, again, cmp.AllowUnexported(Header{})); diff != "" {
				t.Fatalf("read (-), read again (+):\n%s", diff)
			}
		}
	})
}

// allocated runs f and says how many bytes it took, also those it gave back.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// FuzzBody: godbus decodes every body that passes, without a panic, and takes memory in proportion to its size.
// The constant is for the types that reflect has to learn. Plain bodies have few.
func FuzzBody(f *testing.F) {
	for _, seed := range []struct{ signature, body string }{
		{"a{gs}", "\x0a\x00\x00\x00\x00\x00\x00\x00\x01y\x00\x00\x01\x00\x00\x00v\x00"},
		{"v", "\x04a()\x00\x00\x00\x00\x08\x00\x00\x00"},
		{"v", strings.Repeat("\x01v\x00", 63) + "\x01y\x00\x01"},
		{"av", "\x08\x00\x00\x00\x01y\x00v\x01y\x00v"},
		{"aay", "\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"},
		{"a{bs}(yv)h", "\x00"},
		{"ybnqiuxtdsog", "\x01"},
	} {
		f.Add(seed.signature, []byte(seed.body), false, false)
	}
	s, b := values(f, map[string]dbus.Variant{"state": dbus.MakeVariant([]string{"running"}), "persistent": dbus.MakeVariant(true)})
	f.Add(s, b, false, true)
	s, b = valuesIn(f, binary.BigEndian, []struct {
		A string
		B uint32
		C dbus.ObjectPath
	}{{"a", 1, "/a"}, {"b", 2, "/b"}})
	f.Add(s, b, true, false)
	f.Fuzz(func(t *testing.T, signature string, body []byte, big, plain bool) {
		if !decodable().has(signature) || checkBody(orderOf(big), signature, body, plain, 0) != nil {
			return
		}
		var err error
		n := allocated(func() { _, err = decode(t, orderOf(big), signature, body) })
		if err != nil {
			t.Fatalf("%q: %v", signature, err)
		}
		limit := uint64(256<<10 + 400*len(body))
		if plain {
			limit = uint64(64<<10 + 400*len(body))
		}
		if n > limit {
			t.Fatalf("%d bytes for a body of %d, signature %q", n, len(body), signature)
		}
	})
}

// FuzzWire: whatever the bus says, godbus gets whole messages that it can read, or the end.
func FuzzWire(f *testing.F) {
	s, text := values(f, "x")
	for _, m := range [][]byte{
		answer(f, theOwner, "", 5, s, text), answer(f, theOwner, "a.b.No", 6, s, text), answer(f, theOwner, "", 7, "a{sv}", []byte{0, 0, 0, 0, 0, 0, 0, 0}),
		sign(f, theOwner, "a.b.Changed", s, text), sign(f, ":1.66", "a.b.Changed", s, text), called(f, 0, s, text), frameOf(0, 8, 8),
	} {
		f.Add(append(slices.Clone(m), m...), true)
	}
	f.Fuzz(func(t *testing.T, stream []byte, serves bool) {
		var calls func(*Header) Body
		if serves {
			calls = func(*Header) Body { return Body{Signature: "sa{sv}", Max: 1 << 10} }
		}
		w := hearing(t, calls, stream)
		for serial, member := range map[uint32]string{5: "Get", 6: "Do", 7: "All", 8: "Put"} {
			w.call(t, 0, serial, theService, "a.b", member)
		}
		for {
			msg, err := dbus.DecodeMessage(w)
			if err == nil {
				if msg.Type == dbus.TypeSignal && len(msg.Body) > 1 {
					t.Fatalf("%v", msg)
				}
				continue
			}
			var (
				invalid   dbus.InvalidMessageError
				format    dbus.FormatError
				signature dbus.SignatureError
				unfit     dbus.InvalidTypeError
			)
			if errors.As(err, &invalid) || errors.As(err, &format) || errors.As(err, &signature) || errors.As(err, &unfit) {
				t.Fatal(err)
			}
			if n, err := w.Read(make([]byte, 1)); n > 0 || err == nil {
				t.Fatal("there is more behind the end")
			}
			return
		}
	})
}

// grower makes values out of what a fuzzer feeds it.
type grower struct{ feed []byte }

func (g *grower) next() byte {
	if len(g.feed) == 0 {
		return 0
	}
	b := g.feed[0]
	g.feed = g.feed[1:]
	return b
}

func (g *grower) text() string {
	n := min(int(g.next()), len(g.feed))
	s := string(g.feed[:n])
	g.feed = g.feed[n:]
	return strings.ReplaceAll(strings.ToValidUTF8(s, "?"), "\x00", "0")
}

func (g *grower) value(depth int) any {
	kinds := byte(16)
	if depth > 20 {
		kinds = 12
	}
	switch n := g.next(); n % kinds {
	case 0:
		return n
	case 1:
		return n > 127
	case 2:
		return int16(n)
	case 3:
		return uint64(n)
	case 4:
		return float64(n)
	case 5:
		return dbus.ObjectPath("/" + strings.Repeat("a", int(n)))
	case 6:
		return dbus.ParseSignatureMust("a{sv}")
	case 7:
		return []uint32{uint32(n), 1}[:n%2]
	case 8:
		return []string{g.text(), g.text()}[:n%2]
	case 9:
		return map[uint16]string{uint16(n): g.text()}
	case 10:
		return []map[string][]byte{{g.text(): []byte(g.text())}, nil}[:n%2]
	case 11:
		return []struct {
			A byte
			B struct{ C string }
		}{{n, struct{ C string }{g.text()}}}
	case 12:
		return dbus.MakeVariant(g.value(depth + 1))
	case 13:
		return []dbus.Variant{dbus.MakeVariant(g.value(depth + 1)), dbus.MakeVariant(g.value(depth + 1))}[:n%3%2+1]
	case 14:
		return map[string]dbus.Variant{g.text(): dbus.MakeVariant(g.value(depth + 1))}
	}
	return g.text()
}

// FuzzValue: what a sender marshalled properly always arrives, as it was.
func FuzzValue(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, false)
	f.Add([]byte{14, 3, 'a', 'b', 'c', 13, 12, 14, 0, 15, 2, 'x', 'y', 11, 9, 10}, true)
	f.Fuzz(func(t *testing.T, feed []byte, big bool) {
		g := &grower{feed[:min(len(feed), 4<<10)]}
		var vs []any
		for len(g.feed) > 0 && len(vs) < 20 {
			vs = append(vs, g.value(0))
		}
		signature, body := valuesIn(t, orderOf(big), vs...)
		w := hearing(t, func(h *Header) Body { return Body{Signature: h.Signature, Max: 1 << 20} })
		w.gate.calls, w.gate.replies.signatures["a.b.Get"], w.gate.replies.max = nil, signature, 1<<20
		w.call(t, 0, 5, theService, "a.b", "Get")
		r := answer(t, theOwner, "", 5, signature, nil)
		if big {
			r = message(t, binary.BigEndian, dbus.TypeMethodReply, 0, 1, fields{dbus.FieldReplySerial: uint32(5), dbus.FieldSender: theOwner, dbus.FieldSignature: signature}, nil)
		}
		orderOf(big).PutUint32(r[4:], uint32(len(body)))
		w.in.Reset(io.MultiReader(bytes.NewReader(r), bytes.NewReader(body)))
		msg, err := dbus.DecodeMessage(w)
		if err != nil {
			t.Fatal(err)
		}
		want, err := decode(t, orderOf(big), signature, body)
		if err != nil {
			t.Fatal(err)
		}
		if msg.Type != dbus.TypeMethodReply || dbus.MakeVariant(msg.Body).String() != dbus.MakeVariant(want).String() {
			t.Fatalf("sent %v, got %v", want, msg)
		}
	})
}

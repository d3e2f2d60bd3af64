package bus

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"
)

func called(t testing.TB, flags dbus.Flags, signature string, body []byte) []byte {
	t.Helper()
	f := fields{dbus.FieldPath: dbus.ObjectPath("/"), dbus.FieldMember: "Do", dbus.FieldSender: ":1.66", dbus.FieldDestination: me}
	if signature != "" {
		f[dbus.FieldSignature] = signature
	}
	return message(t, binary.LittleEndian, dbus.TypeMethodCall, flags, 1, f, body)
}

// TestCalls: a call always arrives; its body does when it is as expected, and its header says else why not.
func TestCalls(t *testing.T) {
	t.Parallel()
	s, text := values(t, "x")
	sd, options := values(t, "x", map[string]dbus.Variant{"k": dbus.MakeVariant(map[string]string{"a": "b"})})
	_, long := values(t, strings.Repeat("x", 100))
	for name, c := range map[string]struct {
		expect    string
		signature string
		body      []byte
		want      string
		fault     FaultKind
	}{
		"as expected":          {"s", s, text, `method call Do "x"`, 0},
		"empty":                {"", "", nil, "method call Do", 0},
		"of another signature": {"u", s, text, "method call Do", WrongSignature},
		"a body too many":      {"", s, text, "method call Do", WrongSignature},
		"a body too few":       {"s", "", nil, "method call Do", WrongSignature},
		"too large":            {"s", s, long, "method call Do", TooLarge},
		"damaged":              {"s", s, []byte("\xff\xff\xff\xff"), "method call Do", Malformed},
		"odd variant":          {"sa{sv}", sd, options, "method call Do", Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var header *Header
			w := hearing(t, func(h *Header) Body { header = h; return Body{Signature: c.expect, Max: 64} }, called(t, 0, c.signature, c.body))
			if diff := cmp.Diff([]string{c.want}, w.all(t)); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
			var fault FaultKind
			if header.Fault != nil {
				fault = header.Fault.Kind
			}
			if fault != c.fault || header.Signature != c.signature || header.Length != len(c.body) {
				t.Errorf("fault %d, want %d; header %+v", fault, c.fault, header)
			}
		})
	}
}

// TestCallsToAClient: who serves nothing gets calls without a body, and none that nobody waits for.
func TestCallsToAClient(t *testing.T) {
	t.Parallel()
	s, text := values(t, "x")
	got := hearing(t, nil, called(t, 0, s, text), called(t, dbus.FlagNoReplyExpected, s, text), called(t, 0, "", nil)).all(t)
	if diff := cmp.Diff([]string{"method call Do", "method call Do"}, got); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}

// TestSkipped: what is no message to anybody is passed over, however large, and what comes behind it is
// read.
func TestSkipped(t *testing.T) {
	t.Parallel()
	s, text := values(t, "x")
	good := sign(t, theOwner, "a.b.Changed", s, text)
	path, iface, member := field(1, "o", marshalled("/")), field(2, "s", marshalled("a.b")), field(3, "s", marshalled("Changed"))
	for name, odd := range map[string][]byte{
		"type 0":        byHand(0, 1, path, iface, member),
		"type 9":        byHand(9, 1, path, iface, member),
		"damaged":       byHand(4, 1, field(1, "s", marshalled("/")), iface, member),
		"many fields":   byHand(4, 1, path, iface, member, field(42, "ay", marshalled(strings.Repeat("x", maxFields)))),
		"64 MiB fields": frameOf(4, 0, maxArray),
		"32 MiB":        sign(t, ":1.66", "a.b.Changed", "ay", make([]byte, 32<<20)),
		"no name":       byHand(4, 1, path, iface, field(3, "s", marshalled("9"))),
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff([]string{`signal Changed "x"`}, hearing(t, nil, odd, good).all(t)); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
		})
	}
}

// zeros never ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// TestSkippingCostsNothing: signals of a stranger, and such as nobody may send, are never held, whatever their size.
// The test does not run beside others, since it counts what the process allocates.
func TestSkippingCostsNothing(t *testing.T) {
	head := sign(t, ":1.66", "a.b.Changed", "ay", nil)
	binary.LittleEndian.PutUint32(head[4:], 120<<20)
	small := bytes.Repeat(sign(t, ":1.66", "a.b.Changed", "", nil), 10000)
	w := hearing(t, nil)
	for name, c := range map[string]struct {
		stream io.Reader
		limit  uint64
	}{
		"one of 120 MiB": {io.MultiReader(bytes.NewReader(head), io.LimitReader(zeros{}, 120<<20)), 16 << 10},
		"10,000":         {bytes.NewReader(small), 10000 * 512}, // garbage, a header at a time
	} {
		w.lost = nil
		w.in.Reset(c.stream)
		n := allocated(func() {
			if _, err := w.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
				t.Error(err)
			}
		})
		if n > c.limit {
			t.Errorf("%s: %d bytes allocated", name, n)
		}
		t.Logf("%s: %d bytes allocated", name, n)
	}
}

// frameOf is a message of zeros.
func frameOf(kind byte, length, fields int) []byte {
	b := []byte{'l', kind, 0, 1}
	b = binary.LittleEndian.AppendUint32(b, uint32(length))
	b = binary.LittleEndian.AppendUint32(b, 1)
	b = binary.LittleEndian.AppendUint32(b, uint32(fields))
	return append(b, make([]byte, pad(fields)+length)...)
}

// TestFramingLost: where the next message begins is not guessed.
func TestFramingLost(t *testing.T) {
	t.Parallel()
	s, text := values(t, "x")
	good := sign(t, theOwner, "a.b.Changed", s, text)
	for name, c := range map[string]struct {
		stream []byte
		want   error
	}{
		"another order": {append([]byte("x"), good[1:]...), nil},
		"cut frame":     {good[:10], io.ErrUnexpectedEOF},
		"cut fields":    {good[:30], io.ErrUnexpectedEOF},
		"cut body":      {good[:len(good)-1], io.ErrUnexpectedEOF},
		"cut skipping":  {sign(t, ":1.66", "a.b.Changed", "ay", make([]byte, 1000))[:200], io.EOF},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := hearing(t, nil, c.stream)
			var invalid dbus.InvalidMessageError
			n, err := w.Read(make([]byte, 1))
			if n > 0 || err == nil || c.want != nil && !errors.Is(err, c.want) || errors.As(err, &invalid) {
				t.Errorf("read %d bytes: %v; want %v", n, err, c.want)
			}
		})
	}
}

// TestHandshake: lines pass as they are, but not without end.
func TestHandshake(t *testing.T) {
	t.Parallel()
	w := newWire(&script{Reader: strings.NewReader("REJECTED EXTERNAL\r\nOK 12\r\n")}, &gate{}, false)
	if got, err := io.ReadAll(w); err != nil || string(got) != "REJECTED EXTERNAL\r\nOK 12\r\n" {
		t.Errorf("got %q, %v", got, err)
	}
	w = newWire(&script{Reader: bytes.NewReader(make([]byte, 1<<20))}, &gate{}, false)
	if got, err := io.ReadAll(w); !errors.Is(err, errHandshake) || len(got) > maxHandshake {
		t.Errorf("read %d bytes: %v", len(got), err)
	}
}

// TestLargeBufferGoes: a body of megabytes is not kept for the next one.
func TestLargeBufferGoes(t *testing.T) {
	t.Parallel()
	s, text := values(t, strings.Repeat("x", 2<<20))
	w := hearing(t, func(*Header) Body { return Body{Signature: "s", Max: 4 << 20} }, called(t, 0, s, text))
	if got := w.all(t); len(got) != 1 || len(got[0]) < 2<<20 {
		t.Fatalf("got %d messages", len(got))
	}
	if cap(w.body) > keepSize || w.tail != nil {
		t.Errorf("%d bytes are kept", cap(w.body))
	}
}

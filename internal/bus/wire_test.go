package bus

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"
)

// script is a connection that says what a test wants, and takes everything.
type script struct {
	net.Conn
	io.Reader
	sent bytes.Buffer
}

func (s *script) Read(p []byte) (int, error)  { return s.Reader.Read(p) }
func (s *script) Write(p []byte) (int, error) { return s.sent.Write(p) }

const (
	theService = "org.example1"
	theOwner   = ":1.7"
	me         = ":1.9"
)

// hearing gives a wire behind its handshake, on which these messages arrive.
func hearing(t testing.TB, calls func(*Header) Body, messages ...[]byte) *wire {
	t.Helper()
	g := &gate{
		replies: newReplies([]map[string]string{{"a.b.Get": "s", "a.b.All": "a{sv}", "a.b.Do": ""}}, 1000),
		signals: newSignals(map[string]map[string]string{theService: {"a.b.Changed": "s", "a.b.Gone": ""}}),
		calls:   calls,
	}
	g.signals.follow(theService, theOwner)
	w := newWire(&script{Reader: bytes.NewReader(bytes.Join(messages, nil))}, g, false)
	if _, err := w.Write([]byte("BEGIN\r\n")); err != nil {
		t.Fatal(err)
	}
	return w
}

// call sends a call from here.
func (w *wire) call(t testing.TB, flags dbus.Flags, serial uint32, to, iface, member string) {
	t.Helper()
	msg := message(t, binary.LittleEndian, dbus.TypeMethodCall, flags, serial, fields{
		dbus.FieldPath: dbus.ObjectPath("/"), dbus.FieldDestination: to, dbus.FieldInterface: iface, dbus.FieldMember: member,
	}, nil)
	if _, err := w.Write(msg); err != nil {
		t.Fatal(err)
	}
}

// all is what godbus reads of a wire, in short, until its end.
func (w *wire) all(t testing.TB) []string {
	t.Helper()
	var got []string
	for {
		msg, err := dbus.DecodeMessage(w)
		if errors.Is(err, io.EOF) {
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
		line := msg.Type.String()
		for _, f := range []dbus.HeaderField{dbus.FieldErrorName, dbus.FieldMember} {
			if name, ok := msg.Headers[f].Value().(string); ok {
				line += " " + name
			}
		}
		for _, v := range msg.Body {
			line += " " + dbus.MakeVariant(v).String()
		}
		got = append(got, line)
	}
}

// answer marshals a reply, or an error if it has a name.
func answer(t testing.TB, sender, name string, to uint32, signature string, body []byte) []byte {
	t.Helper()
	kind, f := dbus.TypeMethodReply, fields{dbus.FieldReplySerial: to, dbus.FieldSender: sender, dbus.FieldDestination: me}
	if name != "" {
		kind, f[dbus.FieldErrorName] = dbus.TypeError, name
	}
	if signature != "" {
		f[dbus.FieldSignature] = signature
	}
	return message(t, binary.LittleEndian, kind, dbus.FlagNoReplyExpected, 1, f, body)
}

// TestReplies: an answer arrives once, from whom was asked, as it was promised; a call whose answer is
// something else fails at once.
func TestReplies(t *testing.T) {
	t.Parallel()
	s, text := values(t, "x")
	sd, details := values(t, "x", map[string]dbus.Variant{"k": dbus.MakeVariant("v")})
	u, number := values(t, uint32(1))
	long, longText := values(t, strings.Repeat("x", 1000))
	_, longError := values(t, strings.Repeat("x", maxError))
	const bad = "error " + mistyped
	for name, c := range map[string]struct {
		to, member string
		answers    [][]byte
		want       []string
	}{
		"as promised":      {theService, "Get", [][]byte{answer(t, theOwner, "", 5, s, text)}, []string{`reply "x"`}},
		"by unique name":   {":1.8", "Get", [][]byte{answer(t, ":1.8", "", 5, s, text)}, []string{`reply "x"`}},
		"of nothing":       {theService, "Do", [][]byte{answer(t, theOwner, "", 5, "", nil)}, []string{"reply"}},
		"twice":            {theService, "Get", [][]byte{answer(t, theOwner, "", 5, s, text), answer(t, theOwner, "", 5, s, text)}, []string{`reply "x"`}},
		"to another call":  {theService, "Get", [][]byte{answer(t, theOwner, "", 6, s, text)}, nil},
		"by a stranger":    {":1.8", "Get", [][]byte{answer(t, theOwner, "", 5, s, text), answer(t, ":1.8", "", 5, s, text)}, []string{`reply "x"`}},
		"by nobody":        {theService, "Get", [][]byte{answer(t, "", "", 5, s, text)}, nil},
		"for the bus":      {busName, "Get", [][]byte{answer(t, theOwner, "", 5, s, text), answer(t, theOwner, "a.b", 5, s, text)}, nil},
		"by the bus":       {theService, "Get", [][]byte{answer(t, busName, "", 5, s, text)}, nil},
		"error of the bus": {theService, "Get", [][]byte{answer(t, busName, "a.b.No", 5, s, text)}, []string{`error a.b.No "x"`}},
		"error":            {theService, "Get", [][]byte{answer(t, theOwner, "a.b.No", 5, sd, details)}, []string{`error a.b.No "x" {"k": <"v">}`}},
		"bare error":       {theService, "Get", [][]byte{answer(t, theOwner, "a.b.No", 5, "", nil)}, []string{"error a.b.No"}},
		"error of another": {theService, "Get", [][]byte{answer(t, theOwner, "a.b.No", 5, u, number)}, []string{"error a.b.No"}},
		"long error":       {theService, "Get", [][]byte{answer(t, theOwner, "a.b.No", 5, s, longError)}, []string{"error a.b.No"}},
		"damaged error":    {theService, "Get", [][]byte{answer(t, theOwner, "a.b.No", 5, s, number)}, []string{"error a.b.No"}},
		"of another type":  {theService, "Get", [][]byte{answer(t, theOwner, "", 5, u, number)}, []string{bad + ` "the reply of a.b.Get is of signature \"u\", not \"s\""`}},
		"of no type":       {theService, "Get", [][]byte{answer(t, theOwner, "", 5, "", nil)}, []string{bad + ` "the reply of a.b.Get is of signature \"\", not \"s\""`}},
		"too much":         {theService, "Do", [][]byte{answer(t, theOwner, "", 5, s, text)}, []string{bad + ` "the reply of a.b.Do is of signature \"s\", not \"\""`}},
		"long":             {theService, "Get", [][]byte{answer(t, theOwner, "", 5, long, longText)}, []string{"error " + tooLong + ` "the reply of a.b.Get has 1005 bytes, the limit is 1000"`}},
		"damaged":          {theService, "Get", [][]byte{answer(t, theOwner, "", 5, s, number)}, []string{bad + ` "the reply of a.b.Get is malformed: a value ends behind the end"`}},
		"odd":              {theService, "Get", [][]byte{byHand(2, 9, field(5, "u", "\x05\x00\x00\x00"), field(7, "s", marshalled(theOwner)), field(8, "g", "\x03a()\x00"))}, []string{bad + ` "the reply of a.b.Get is of signature \"a()\", not \"s\""`}},
		"undeclared":       {theService, "Put", [][]byte{answer(t, theOwner, "", 5, s, text)}, []string{bad + ` "no reply of a.b.Put is declared"`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := hearing(t, nil, c.answers...)
			w.call(t, 0, 5, c.to, "a.b", c.member)
			if diff := cmp.Diff(c.want, w.all(t)); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
		})
	}
}

// TestRepliesForgotten: what needs no answer is not waited for, nor what could not be sent.
func TestRepliesForgotten(t *testing.T) {
	t.Parallel()
	w := hearing(t, nil)
	w.call(t, dbus.FlagNoReplyExpected, 5, theService, "a.b", "Get")
	w.call(t, 0, 6, theService, "a.b", "Get")
	near, far := net.Pipe()
	w.conn = near
	near.Close()
	far.Close()
	msg := message(t, binary.LittleEndian, dbus.TypeMethodCall, 0, 7, fields{dbus.FieldPath: dbus.ObjectPath("/"), dbus.FieldMember: "Get"}, nil)
	if _, err := w.Write(msg); err == nil {
		t.Error("written to a closed connection")
	}
	if n := len(w.gate.replies.sent); n != 1 {
		t.Errorf("%d calls are unanswered, not one", n)
	}
}

// sign marshals a signal.
func sign(t testing.TB, sender, name, signature string, body []byte) []byte {
	t.Helper()
	dot := strings.LastIndexByte(name, '.')
	f := fields{dbus.FieldPath: dbus.ObjectPath("/"), dbus.FieldInterface: name[:dot], dbus.FieldMember: name[dot+1:], dbus.FieldSender: sender}
	if signature != "" {
		f[dbus.FieldSignature] = signature
	}
	return message(t, binary.LittleEndian, dbus.TypeSignal, dbus.FlagNoReplyExpected, 1, f, body)
}

// TestSignals: those that are wanted arrive, whoever owns the sender's name meanwhile.
func TestSignals(t *testing.T) {
	t.Parallel()
	s, text := values(t, "x")
	owned := func(before, after string) []byte {
		sig, body := values(t, theService, before, after)
		return sign(t, busName, ownerChanged, sig, body)
	}
	stranger := func(before, after string) []byte {
		sig, body := values(t, theService, before, after)
		return sign(t, ":1.66", ownerChanged, sig, body)
	}
	_, other := values(t, "org.other", "", ":1.66")
	changed := sign(t, theOwner, "a.b.Changed", s, text)
	long, longText := values(t, strings.Repeat("x", maxSignal))
	for name, c := range map[string]struct {
		signals [][]byte
		want    []string
	}{
		"wanted":             {[][]byte{changed, sign(t, theOwner, "a.b.Gone", "", nil)}, []string{`signal Changed "x"`, "signal Gone"}},
		"of a stranger":      {[][]byte{sign(t, ":1.66", "a.b.Changed", s, text)}, nil},
		"of the bus":         {[][]byte{sign(t, busName, "a.b.Changed", s, text)}, nil},
		"by name":            {[][]byte{sign(t, theService, "a.b.Changed", s, text)}, nil},
		"of no sender":       {[][]byte{sign(t, "", "a.b.Changed", s, text)}, nil},
		"another":            {[][]byte{sign(t, theOwner, "a.b.Other", s, text)}, nil},
		"of another type":    {[][]byte{sign(t, theOwner, "a.b.Gone", s, text)}, nil},
		"without its body":   {[][]byte{sign(t, theOwner, "a.b.Changed", "", nil)}, nil},
		"too long":           {[][]byte{sign(t, theOwner, "a.b.Changed", long, longText), changed}, []string{`signal Changed "x"`}},
		"damaged":            {[][]byte{sign(t, theOwner, "a.b.Changed", s, []byte("\xff\xff\xff\xff")), changed}, []string{`signal Changed "x"`}},
		"the bus's own":      {[][]byte{sign(t, busName, busName+".NameAcquired", s, text)}, []string{`signal NameAcquired "x"`}},
		"empty of the bus":   {[][]byte{sign(t, busName, busName+".NameAcquired", "", nil)}, nil},
		"pretended":          {[][]byte{sign(t, ":1.66", busName+".NameLost", s, text)}, nil},
		"of the next owner":  {[][]byte{owned(theOwner, ""), changed, owned("", ":1.8"), changed, sign(t, ":1.8", "a.b.Changed", s, text)}, []string{"signal NameOwnerChanged", "signal NameOwnerChanged", `signal Changed "x"`}},
		"a pretended owner":  {[][]byte{stranger(theOwner, ":1.66"), sign(t, ":1.66", "a.b.Changed", s, text)}, nil},
		"of another's owner": {[][]byte{sign(t, busName, ownerChanged, "sss", other), changed}, []string{"signal NameOwnerChanged", `signal Changed "x"`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := hearing(t, nil, c.signals...).all(t)
			for i := range got {
				if strings.HasPrefix(got[i], "signal NameOwnerChanged") {
					got[i] = "signal NameOwnerChanged"
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
		})
	}
}

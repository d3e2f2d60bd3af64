package xdr

import (
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"
)

type golden struct {
	write func(*Encoder)
	want  string
	read  func(*Decoder) any
	value any
}

func goldens() map[string]golden {
	uuid := [16]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
	return map[string]golden{
		"u32":            {func(e *Encoder) { e.U32(0xfffffffe) }, "fffffffe", func(d *Decoder) any { return d.U32() }, uint32(0xfffffffe)},
		"i32":            {func(e *Encoder) { e.I32(-1) }, "ffffffff", func(d *Decoder) any { return d.I32() }, int32(-1)},
		"u64":            {func(e *Encoder) { e.U64(1 << 40) }, "0000010000000000", func(d *Decoder) any { return d.U64() }, uint64(1 << 40)},
		"i64":            {func(e *Encoder) { e.I64(-2) }, "fffffffffffffffe", func(d *Decoder) any { return d.I64() }, int64(-2)},
		"double":         {func(e *Encoder) { e.Double(1.5) }, "3ff8000000000000", func(d *Decoder) any { return d.Double() }, 1.5},
		"bool":           {func(e *Encoder) { e.Bool(true) }, "00000001", func(d *Decoder) any { return d.Present() }, true},
		"string":         {func(e *Encoder) { e.Text("berth") }, "000000056265727468000000", func(d *Decoder) any { return d.Text() }, "berth"},
		"empty string":   {func(e *Encoder) { e.Text("") }, "00000000", func(d *Decoder) any { return d.Text() }, ""},
		"absent string":  {func(e *Encoder) { e.OptionalText("") }, "00000000", func(d *Decoder) any { s, _ := d.OptionalText(); return s }, ""},
		"present string": {func(e *Encoder) { e.OptionalText("x") }, "000000010000000178000000", func(d *Decoder) any { s, _ := d.OptionalText(); return s }, "x"},
		"opaque":         {func(e *Encoder) { e.Opaque([]byte{7}) }, "0000000107000000", func(d *Decoder) any { return d.Opaque(1) }, []byte{7}},
		"domain": {
			func(e *Encoder) { e.Domain(Domain{"web", uuid, -1}) }, "00000003776562000102030405060708090a0b0c0d0e0f10ffffffff",
			func(d *Decoder) any { return d.Domain() },
			Domain{"web", uuid, -1},
		},
		"typed": {
			func(e *Encoder) { e.Typed([]Typed{IntOf("a", -1), ULLongOf("b", 2), TextOf("c", "d")}) },
			"00000003" + "000000016100000000000001ffffffff" + "0000000162000000000000040000000000000002" + "0000000163000000000000070000000164000000",
			func(d *Decoder) any { return d.Typed(3) },
			[]Typed{IntOf("a", -1), ULLongOf("b", 2), TextOf("c", "d")},
		},
	}
}

// TestGolden: each kind of value has the bytes that the protocol wants, and is read again as it was.
func TestGolden(t *testing.T) {
	t.Parallel()
	for name, tc := range goldens() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := &Encoder{}
			tc.write(e)
			if got := hex.EncodeToString(e.Bytes()); got != tc.want {
				t.Fatalf("got %s, want %s", got, tc.want)
			}
			d := NewDecoder(e.Bytes())
			if got := tc.read(d); !reflect.DeepEqual(got, tc.value) || d.Err() != nil || d.Left() != 0 {
				t.Errorf("read %#v, %v, %d bytes left", got, d.Err(), d.Left())
			}
		})
	}
}

// TestWide: a character takes four bytes, and the zero at the end of a text counts.
func TestWide(t *testing.T) {
	t.Parallel()
	e := &Encoder{}
	e.WideString("ab")
	e.WideFixed("xyz", 3)
	e.WideString("")
	const want = "00000003" + "000000610000006200000000" + "000000780000007900000000" + "0000000100000000"
	if got := hex.EncodeToString(e.Bytes()); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestRefused: what is too long, too short or of no known kind is an error, and everything after it is zero.
func TestRefused(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		text string
		read func(*Decoder)
		want error
	}{
		"half a number":                 {"0000", func(d *Decoder) { d.U32() }, ErrShort},
		"a string longer than packet":   {"003fffff", func(d *Decoder) { _ = d.Text() }, ErrShort},
		"a string above its bound":      {"7fffffff", func(d *Decoder) { _ = d.Text() }, ErrLong},
		"a string without its padding":  {"0000000161", func(d *Decoder) { _ = d.Text() }, ErrShort},
		"a string with a zero":          {"000000010000000000", func(d *Decoder) { _ = d.Text() }, ErrText},
		"a string that is not UTF-8":    {"00000001ff000000", func(d *Decoder) { _ = d.Text() }, ErrText},
		"an optional that is two":       {"00000002", func(d *Decoder) { d.Present() }, ErrBoolean},
		"elements that cannot be there": {"00004000", func(d *Decoder) { d.Count(16384, LeastDomain) }, ErrShort},
		"elements above the bound":      {"ffffffff", func(d *Decoder) { d.Count(16384, 0) }, ErrLong},
		"a type that is none":           {"00000001" + "0000000161000000" + "00000063" + "0000000000000000", func(d *Decoder) { d.Typed(1) }, ErrType},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, err := hex.DecodeString(tc.text)
			if err != nil {
				t.Fatal(err)
			}
			d := NewDecoder(b)
			tc.read(d)
			if !errors.Is(d.Err(), tc.want) {
				t.Fatalf("got %v, want %v", d.Err(), tc.want)
			}
			if d.U32() != 0 || d.Text() != "" || d.Present() || d.Count(9, 0) != 0 || d.Opaque(9) != nil || d.Typed(9) != nil || !errors.Is(d.Err(), tc.want) {
				t.Error("something was read after the mistake")
			}
		})
	}
}

// TestField: a name that a client has no room for is refused.
func TestField(t *testing.T) {
	t.Parallel()
	e := &Encoder{}
	e.Typed([]Typed{IntOf(strings.Repeat("x", MaxField+1), 1)})
	d := NewDecoder(e.Bytes())
	if d.Typed(1) != nil || !errors.Is(d.Err(), ErrLong) {
		t.Error(d.Err())
	}
}

// TestTooLong: what is longer than clients take is an error, after which nothing is written, and which can be taken
// back.
func TestTooLong(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", MaxString)
	for name, write := range map[string]func(*Encoder){
		"a text":      func(e *Encoder) { e.Text(long + "x") },
		"an optional": func(e *Encoder) { e.OptionalText(long + "x") },
		"raw bytes":   func(e *Encoder) { e.Raw(make([]byte, MaxPacket)) },
		"together": func(e *Encoder) {
			for range 8 {
				e.Text(long)
			}
		},
	} {
		e := &Encoder{}
		e.U32(1)
		write(e)
		if at := e.Len(); !errors.Is(e.Err(), ErrLong) || at > MaxPacket {
			t.Errorf("%s: %d bytes, %v", name, at, e.Err())
		}
		before := e.Len()
		e.U64(1)
		e.Text("x")
		e.Opaque([]byte{1})
		e.SetU32(before, 2)
		if e.Len() != before {
			t.Errorf("%s: %d bytes more are written", name, e.Len()-before)
		}
		e.Truncate(4)
		e.Text("x")
		if e.Err() != nil || e.Len() != 12 {
			t.Errorf("%s is not taken back: %d bytes, %v", name, e.Len(), e.Err())
		}
	}
	e := &Encoder{}
	if e.Text(long); e.Err() != nil {
		t.Errorf("the longest text: %v", e.Err())
	}
}

package bus

import (
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
)

// TestSignature: the signatures that godbus can decode are told from those that end its connection, and from those that
// are none.
func TestSignature(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"": true, "s": true, "ybnqiuxtdsogv": true, "a{sv}": true, "a(susso)": true, "aaa{s(ii)}v": true, "(s(u)as)": true,
		strings.Repeat("a", 32) + "y": true, strings.Repeat("a", 33) + "y": false,
		strings.Repeat("(", 32) + "y" + strings.Repeat(")", 32): true,
		strings.Repeat("(", 33) + "y" + strings.Repeat(")", 33): false,
		strings.Repeat("y", 255):                                true, strings.Repeat("y", 256): false,
		"a": false, "(": false, ")": false, "(y": false, "y)": false, "()": false, "a()": false, "(a())": false,
		"{sv}": false, "a{s}": false, "a{}": false, "a{svv}": false, "a{sv": false, "a{vs}": false, "a{(y)s}": false, "a{ass}": false,
		"h": false, "ah": false, "a{sh}": false, "z": false, "m": false, "\x00": false,
		"a{gs}": false, "a{bs}": false, "a{ds}": false, "a{hs}": false, "a{os}": true, "a{ya{yv}}": true,
	} {
		if got := decodable().has(s); got != want {
			t.Errorf("%q is decodable: %v", s, got)
		}
	}
	for s, want := range map[string]bool{"ahv": true, "a{bs}a{gh}a{ds}": true, "a{vs}": false, "()": false, "z": false} {
		if got := anySignature().has(s); got != want {
			t.Errorf("%q is a signature: %v", s, got)
		}
	}
}

// TestFirst: the first complete type of a signature ends where its last bracket closes.
func TestFirst(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{"ss": "s", "a{sv}s": "a{sv}", "aas": "aas", "(s(u)as)b": "(s(u)as)", "aa(y)y": "aa(y)", "v": "v"} {
		if got := s[:first(s)]; got != want {
			t.Errorf("the first type of %q is %q, want %q", s, got, want)
		}
	}
}

// nest gives a variant that holds values of a type of which each holds one variant again.
func nest(depth int) dbus.Variant {
	v := dbus.MakeVariant(byte(7))
	for range depth - 1 {
		v = dbus.MakeVariant(v)
	}
	return v
}

// TestBodyTaken: what is marshalled properly passes, in both byte orders, and godbus decodes it.
func TestBodyTaken(t *testing.T) {
	t.Parallel()
	type pair struct {
		A byte
		B []uint64
	}
	for name, vs := range map[string][]any{
		"nothing":       {},
		"basic":         {byte(1), true, int16(-2), uint16(3), int32(-4), uint32(5), int64(-6), uint64(7), math.NaN(), "ü", dbus.ObjectPath("/a/b_1"), dbus.ParseSignatureMust("a{sv}")},
		"empty":         {"", dbus.ObjectPath("/"), dbus.ParseSignatureMust(""), []byte{}, []pair{}, map[string]dbus.Variant{}, [][]string{}},
		"arrays":        {[]byte{1, 2, 3}, []string{"a", "bc"}, [][]uint16{{1}, {}, {2, 3}}, []bool{true, false}, []pair{{1, []uint64{2}}, {3, nil}}},
		"dictionaries":  {map[string]dbus.Variant{"a": dbus.MakeVariant([]string{"x"}), "b": dbus.MakeVariant(pair{1, nil})}, map[byte]map[uint64]string{1: {2: "c"}}},
		"managed":       {map[dbus.ObjectPath]map[string]map[string]dbus.Variant{"/a": {"i": {"p": dbus.MakeVariant(uint64(1))}}}},
		"alone aligned": {byte(1), []uint64{}, byte(1), []pair{}, byte(1), map[string]string{}},
		"nested":        {nest(64)},
	} {
		for _, order := range []byteOrder{binary.LittleEndian, binary.BigEndian} {
			signature, body := valuesIn(t, order, vs...)
			if err := checkBody(order, signature, body, false, 0); err != nil {
				t.Errorf("%s: %q in %v: %v", name, signature, order, err)
			}
			if got, err := decode(t, order, signature, body); err != nil || len(got) != len(vs) {
				t.Errorf("%s: godbus decodes %d values: %v", name, len(got), err)
			}
		}
	}
}

// TestBodyRefused: what could hurt who decodes it does not pass, each for its own reason.
func TestBodyRefused(t *testing.T) {
	t.Parallel()
	array := func(n uint32, rest string) string { return string(binary.LittleEndian.AppendUint32(nil, n)) + rest }
	for name, c := range map[string]struct {
		signature, body string
		want            error
	}{
		"cut":                         {"u", "\x00\x00\x00", errShort},
		"behind":                      {"y", "\x01\x02", errBehind},
		"a body and no signature":     {"", "\x01", errBehind},
		"a signature and no body":     {"s", "", errShort},
		"padding":                     {"yu", "\x01\x00\x01\x00\x02\x00\x00\x00", errPadding},
		"boolean":                     {"b", "\x02\x00\x00\x00", errBoolean},
		"string too long":             {"s", array(math.MaxUint32, "abc\x00"), errShort},
		"string without an end":       {"s", array(3, "abcd"), errString},
		"string with a zero":          {"s", array(3, "a\x00c\x00"), errString},
		"string not UTF-8":            {"s", array(1, "\xff\x00"), errString},
		"path":                        {"o", array(2, "//\x00"), errPath},
		"empty path":                  {"o", array(0, "\x00"), errPath},
		"signature of nothing":        {"g", "\x01z\x00", errSignature},
		"array too long":              {"ay", array(5, "abcd"), errShort},
		"array of 4 GiB":              {"at", array(math.MaxUint32, "\x00\x00\x00\x00"), errShort},
		"array that cuts a number":    {"aq", array(3, "abcd"), errArray},
		"array that cuts an element":  {"as", array(6, "\x00\x00\x00\x00\x00\x00\x00\x00"), errShort},
		"array that cuts a structure": {"a(yu)", array(4, "\x00\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00"), errArray},
		"array that is not padded":    {"at", array(0, ""), errShort},
		"variant of nothing":          {"v", "\x00\x00", errMultiple},
		"variant of two":              {"v", "\x02yy\x00\x01\x02", errMultiple},
		"variant of a descriptor":     {"v", "\x01h\x00\x00\x00\x00\x00\x00", errSignature},
		"variant of empty structures": {"v", "\x03a()\x00\x00\x00\x00\x08\x00\x00\x00", errSignature},
		"signatures for keys":         {"v", "\x05a{gs}\x00\x00" + array(10, "\x00\x00\x00\x00\x01y\x00\x00\x01\x00\x00\x00v\x00"), errSignature},
		"variants too deep":           {"v", strings.Repeat("\x01v\x00", 64) + "\x01y\x00\x01", errNesting},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := checkBody(binary.LittleEndian, c.signature, []byte(c.body), false, 0); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

// TestBodyPlain: a caller's variants hold only types of which there is an end.
func TestBodyPlain(t *testing.T) {
	t.Parallel()
	for value, want := range map[any]bool{
		"text": true, uint64(1): true, dbus.MakeVariant("x"): false, [1]string{"x"}: true, [1][1]string{{"x"}}: false,
		struct{ A byte }{1}: false, dbus.ParseSignatureMust("s"): true,
	} {
		signature, body := values(t, map[string]dbus.Variant{"key": dbus.MakeVariant(value)})
		if err := checkBody(binary.LittleEndian, signature, body, true, 0); (err == nil) != want {
			t.Errorf("%T: %v", value, err)
		}
	}
}

//go:build bus

package dbusapi

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/test/bus"
)

// TestNesting: variants in variants are refused as one bad call, however deep they are, and the
// connection goes on. The bus and godbus each have a limit of their own.
func TestNesting(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"v", "av", "(v)", "a{sv}"} {
		t.Run(in, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			arrived := 0
			for depth := 1; depth <= 70; depth++ {
				raw := bus.DialRaw(t, r.bus.Address)
				raw.Call(t, bus.Headers{
					dbus.FieldDestination: dbus.MakeVariant(contract.BusName),
					dbus.FieldPath:        dbus.MakeVariant(ContainerPath(uuidA)),
					dbus.FieldInterface:   dbus.MakeVariant(contract.ContainerInterface),
					dbus.FieldMember:      dbus.MakeVariant("Start"),
					dbus.FieldSignature:   dbus.MakeVariant(dbus.ParseSignatureMust("v")),
				}, nested(in, depth))
				switch name := raw.Await(t); name {
				case contract.ErrorInvalidArgs:
					arrived = depth
				case "EOF":
				default:
					t.Errorf("depth %d: %s", depth, name)
				}
				if err := r.call(rootPath, peerName+".Ping").Err; err != nil {
					t.Fatalf("the server after depth %d: %v", depth, err)
				}
			}
			if arrived < 15 {
				t.Errorf("nothing deeper than %d arrived: does this test build valid messages?", arrived)
			}
			t.Logf("arrived down to depth %d", arrived)
		})
	}
}

// nested encodes a variant that holds a value of the signature in, which holds one variant again.
func nested(in string, depth int) []byte {
	var b bytes.Buffer
	var lengths []int // offsets of the lengths of open arrays
	var starts []int  // offsets of their first elements
	align := func(n int) {
		for b.Len()%n != 0 {
			b.WriteByte(0)
		}
	}
	for range depth {
		b.WriteByte(byte(len(in)))
		b.WriteString(in + "\x00")
		switch in {
		case "(v)":
			align(8)
		case "av", "a{sv}":
			align(4)
			lengths = append(lengths, b.Len())
			b.Write(make([]byte, 4))
			if in == "a{sv}" {
				align(8)
			}
			starts = append(starts, b.Len())
			if in == "a{sv}" {
				b.Write(make([]byte, 5)) // the key, an empty string
			}
		}
	}
	b.WriteString("\x01y\x00\x07")
	for i := range lengths {
		binary.LittleEndian.PutUint32(b.Bytes()[lengths[i]:], uint32(b.Len()-starts[i]))
	}
	return b.Bytes()
}

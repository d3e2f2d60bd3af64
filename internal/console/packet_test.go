package console

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPacket: every kind of packet is read as it was written, and a short or unknown one is not read.
func TestPacket(t *testing.T) {
	t.Parallel()
	for _, want := range []Packet{
		{Kind: Output, At: 1 << 40, Bytes: []byte("hello\x00")},
		{Kind: End, At: 7},
		{Kind: Input, On: true},
		{Kind: Input},
		{Kind: Data, Bytes: []byte("ls\r")},
		{Kind: Resize, Rows: 50, Columns: 300},
	} {
		packet := want.Append(nil)
		got, ok := Parse(packet)
		if diff := cmp.Diff(want, got); diff != "" || !ok {
			t.Errorf("%q: %v, -want +got\n%s", packet, ok, diff)
		}
		if shorter, ok := Parse(packet[:1]); ok && want.Kind != Data {
			t.Errorf("%q: got %+v", packet[:1], shorter)
		}
	}
	for _, bad := range []string{"", "?", "?abc"} {
		if got, ok := Parse([]byte(bad)); ok {
			t.Errorf("%q: got %+v", bad, got)
		}
	}
}

// FuzzParse: no packet makes Parse panic, and one that it reads is written as it was, up to what it does not know.
func FuzzParse(f *testing.F) {
	f.Add([]byte("o12345678abc"))
	f.Add([]byte("w1234"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, ok := Parse(b)
		if ok && p.Kind != Input && !bytes.HasPrefix(b, p.Append(nil)) {
			t.Errorf("%q became %q", b, p.Append(nil))
		}
	})
}

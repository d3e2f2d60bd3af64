package xdr

import (
	"bytes"
	"encoding/hex"
	"testing"
)

// kinds read one value each, and write it again.
func kinds() []func(*Decoder, *Encoder) {
	return []func(*Decoder, *Encoder){
		func(d *Decoder, e *Encoder) { e.U32(d.U32()) },
		func(d *Decoder, e *Encoder) { e.I32(d.I32()) },
		func(d *Decoder, e *Encoder) { e.U64(d.U64()) },
		func(d *Decoder, e *Encoder) { e.I64(d.I64()) },
		func(d *Decoder, e *Encoder) { e.Double(d.Double()) },
		func(d *Decoder, e *Encoder) { e.Bool(d.Present()) },
		func(d *Decoder, e *Encoder) { e.Text(d.Text()) },
		func(d *Decoder, e *Encoder) {
			s, present := d.OptionalText()
			if e.Bool(present); present {
				e.Text(s)
			}
		},
		func(d *Decoder, e *Encoder) { e.Opaque(d.Opaque(64)) },
		func(d *Decoder, e *Encoder) { u := d.UUID(); e.Fixed(u[:]) },
		func(d *Decoder, e *Encoder) { e.Domain(d.Domain()) },
		func(d *Decoder, e *Encoder) {
			v, present := d.OptionalDomain()
			if e.Bool(present); present {
				e.Domain(v)
			}
		},
		func(d *Decoder, e *Encoder) { e.Typed(d.Typed(1 << 18)) },
		func(d *Decoder, e *Encoder) {
			n := d.Count(1<<14, LeastDomain)
			e.U32(uint32(n))
			for range n {
				e.Domain(d.Domain())
			}
		},
	}
}

// FuzzDecoder: whatever comes and whatever is wanted of it, a decoder reads within the packet, says that it is at its
// end after a mistake, keeps no more than there was, and what it has read is written with as many bytes and read again
// as it was.
func FuzzDecoder(f *testing.F) {
	every := make([]byte, len(kinds()))
	for i := range every {
		every[i] = byte(i)
	}
	for _, g := range goldens() {
		b, err := hex.DecodeString(g.want)
		if err != nil {
			f.Fatal(err)
		}
		for i := range every {
			f.Add(every[i:i+1], b)
		}
		f.Add(every, bytes.Repeat(b, len(every)))
	}
	f.Add([]byte{10, 12, 7}, []byte{0, 0x40, 0, 0, 0xff})
	f.Fuzz(func(t *testing.T, wanted, b []byte) {
		read := func(from []byte) (*Decoder, []byte) {
			d, e := NewDecoder(from), &Encoder{}
			for _, kind := range wanted {
				if d.Err() == nil {
					kinds()[int(kind)%len(kinds())](d, e)
				}
			}
			return d, e.Bytes()
		}
		d, again := read(b)
		if d.Err() != nil {
			if most := 2*len(b) + 64; d.Left() != 0 || len(again) > most {
				t.Errorf("%d bytes are left, %d are kept of %d after %v", d.Left(), len(again), len(b), d.Err())
			}
			return
		}
		if len(again) != len(b)-d.Left() {
			t.Fatalf("%d bytes are written, %d were read", len(again), len(b)-d.Left())
		}
		if d, third := read(again); d.Err() != nil || d.Left() != 0 || !bytes.Equal(again, third) {
			t.Errorf("%x is read again as %x, %d left, %v", again, third, d.Left(), d.Err())
		}
	})
}

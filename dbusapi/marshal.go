package dbusapi

import (
	"encoding/binary"
	"iter"

	"github.com/berthd/berth/internal/figures"
)

// marshalled is a body that is encoded already. godbus needs 0.5 us for each entry of a dictionary, which is 25 ms for
// the figures of 1,000 containers.
type marshalled struct {
	signature string
	bytes     []byte
}

// marshaller encodes values, little-endian, as the specification's "Marshaling" says. The body of a message begins
// aligned.
type marshaller struct{ b []byte }

func (m *marshaller) align(n int) {
	for len(m.b)%n != 0 {
		m.b = append(m.b, 0)
	}
}

func (m *marshaller) uint32(n uint32) {
	m.align(4)
	m.b = binary.LittleEndian.AppendUint32(m.b, n)
}

func (m *marshaller) uint64(n uint64) {
	m.align(8)
	m.b = binary.LittleEndian.AppendUint64(m.b, n)
}

// text encodes a string, which the caller knows to be UTF-8 without zero bytes.
func (m *marshaller) text(s string) {
	m.uint32(uint32(len(s)))
	m.b = append(append(m.b, s...), 0)
}

// array encodes an array of structures or of dictionary entries, which elements encodes.
func (m *marshaller) array(elements func()) {
	m.uint32(0)
	length := len(m.b) - 4
	m.align(8)
	begin := len(m.b)
	elements()
	binary.LittleEndian.PutUint32(m.b[length:], uint32(len(m.b)-begin))
}

// entry begins a structure, or an entry with that key.
func (m *marshaller) entry(key string) {
	m.align(8)
	m.text(key)
}

func (m *marshaller) figure(name string, value uint64) {
	m.entry(name)
	m.uint64(value)
}

// figures encodes a{st}.
func (m *marshaller) figures(s *figures.Set) {
	m.array(func() {
		for f, value := range s.All() {
			m.figure(f.String(), value)
		}
	})
}

// devices encodes a{sa{sa{st}}}.
func (m *marshaller) devices(f *figures.Figures) {
	m.array(func() {
		kindOf(m, figures.BlockDevices, f.Block, func(d *figures.Device) (string, iter.Seq2[string, uint64]) { return d.Name, d.Named() })
		kindOf(m, figures.NetworkInterfaces, f.Interfaces, func(i *figures.Interface) (string, iter.Seq2[string, uint64]) { return i.Name, i.Named() })
	})
}

// kindOf encodes the devices of one kind, if there are any.
func kindOf[D any](m *marshaller, kind string, list []D, of func(*D) (name string, values iter.Seq2[string, uint64])) {
	if len(list) == 0 {
		return
	}
	m.entry(kind)
	m.array(func() {
		for i := range list {
			device, values := of(&list[i])
			m.entry(device)
			m.array(func() {
				for name, value := range values {
					m.figure(name, value)
				}
			})
		}
	})
}

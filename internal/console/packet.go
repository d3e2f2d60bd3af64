package console

import "encoding/binary"

// Kind is the first byte of a packet.
type Kind byte

// The packets of a framed connection. A client sends Data and Resize, the supervisor sends the others.
const (
	Output Kind = 'o' // At is the position of the first byte: how many bytes the console had written before it
	Input  Kind = 'i' // whether the container gets what this client types, which is On
	End    Kind = 'e' // the container has ended; At is how many bytes the console wrote
	Data   Kind = 'd' // what the client types
	Resize Kind = 'w' // the size of the client's window
)

const (
	// MaxData is how many bytes of output or input one packet has at most.
	MaxData = 8 << 10
	// MaxPacket is the size of the largest packet, in bytes.
	MaxPacket = 1 + 8 + MaxData
)

// Packet is one message of a framed connection to a console. Its kind says which fields it has.
type Packet struct {
	Kind          Kind
	At            uint64 // Output, End
	On            bool   // Input
	Rows, Columns uint16 // Resize
	Bytes         []byte // Output, Data
}

// Append appends the packet to dst. All numbers are in little endian.
func (p *Packet) Append(dst []byte) []byte {
	dst = append(dst, byte(p.Kind))
	switch p.Kind {
	case Output:
		return append(binary.LittleEndian.AppendUint64(dst, p.At), p.Bytes...)
	case End:
		return binary.LittleEndian.AppendUint64(dst, p.At)
	case Input:
		if p.On {
			return append(dst, 1)
		}
		return append(dst, 0)
	case Resize:
		dst = binary.LittleEndian.AppendUint16(dst, p.Rows)
		return binary.LittleEndian.AppendUint16(dst, p.Columns)
	case Data:
		return append(dst, p.Bytes...)
	}
	return dst
}

// Parse reads a packet. It returns false if the packet is malformed or of an unknown kind: such a packet is to be
// skipped. A packet may be longer than this version knows. Bytes is a part of b.
func Parse(b []byte) (Packet, bool) {
	if len(b) == 0 {
		return Packet{}, false
	}
	p := Packet{Kind: Kind(b[0])}
	b = b[1:]
	switch {
	case p.Kind == Output && len(b) >= 8:
		p.At, p.Bytes = binary.LittleEndian.Uint64(b), b[8:]
	case p.Kind == End && len(b) >= 8:
		p.At = binary.LittleEndian.Uint64(b)
	case p.Kind == Input && len(b) >= 1:
		p.On = b[0] != 0
	case p.Kind == Resize && len(b) >= 4:
		p.Rows, p.Columns = binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint16(b[2:])
	case p.Kind == Data:
		p.Bytes = b
	default:
		return Packet{}, false
	}
	return p, true
}

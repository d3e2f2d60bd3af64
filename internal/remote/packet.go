package remote

import (
	"encoding/binary"

	"github.com/berthd/berth/internal/remote/xdr"
)

// The programs. All have version 1.
const (
	programRemote    = 0x20008086
	programLXC       = 0x00068000
	programKeepalive = 0x6b656570
	version          = 1
)

// The types of packets.
const (
	typeCall = iota
	typeReply
	typeMessage
	typeStream
	typeCallFDs
	typeReplyFDs
)

// What a packet's status says.
const (
	statusOK = iota
	statusError
	statusContinue
)

const (
	lengthSize = 4
	headSize   = lengthSize + 6*4 // with the length
	maxFiles   = 32               // descriptors with one packet
)

// head is what every packet begins with, after its length.
type head struct {
	program, version uint32
	procedure        int32
	kind             uint32
	serial           uint32
	status           uint32
}

// readHead reads the head of a packet, whose length has been read.
func readHead(b []byte) head {
	word := func(n int) uint32 { return binary.BigEndian.Uint32(b[4*n:]) }
	return head{program: word(0), version: word(1), procedure: int32(word(2)), kind: word(3), serial: word(4), status: word(5)}
}

// begin starts a packet. The length is written by finish.
func begin(h head) *xdr.Encoder {
	const usual = 256
	e := xdr.NewEncoder(make([]byte, 0, usual))
	e.U32(0)
	e.U32(h.program)
	e.U32(h.version)
	e.I32(h.procedure)
	e.U32(h.kind)
	e.U32(h.serial)
	e.U32(h.status)
	return e
}

// finish writes the length.
func finish(e *xdr.Encoder) []byte {
	e.SetU32(0, uint32(e.Len()))
	return e.Bytes()
}

// Places of what is changed after begin.
const (
	kindAt   = 4 * 4
	statusAt = 6 * 4
)

package wire

import (
	"syscall"

	"github.com/berthd/berth/internal/pack"
)

// OpenConsole gives a client a console. It carries the supervisor's end of the client's socket. ConsoleAnswer
// answers it.
type OpenConsole struct {
	Request  uint32 // of the sender's choice; the answer has it, too
	Console  uint32
	Framed   bool   // the socket carries the packets of internal/console instead of the bare bytes
	Force    bool   // take the input from the client that has it
	Safe     bool   // refuse if another client has the input
	ReadOnly bool   // never get the input
	From     uint64 // how much of the console's output the client has already
	Rows     uint16 // of the client's window; 0 if it has none
	Columns  uint16
	User     uint32 // whose client it is: the uid and 1; 0 for root's, and from an older berthd
}

// ConsoleAnswer answers OpenConsole and ResizeConsole. Refusal is 0 if that was done, EBUSY if Safe kept a client
// from its console, EUSERS if the container's consoles have too many clients, EDQUOT if they have too many of that
// user, and ENOENT if there is no such console.
type ConsoleAnswer struct {
	Request uint32
	Refusal syscall.Errno
}

// ResizeConsole sets the size of a console's window. ConsoleAnswer answers it.
type ResizeConsole struct {
	Request       uint32
	Console       uint32
	Rows, Columns uint16
}

func (*OpenConsole) kind() Type   { return TypeOpenConsole }
func (*ConsoleAnswer) kind() Type { return TypeConsoleAnswer }
func (*ResizeConsole) kind() Type { return TypeResizeConsole }

func (m *OpenConsole) put(w *pack.Writer) {
	w.U32(m.Request)
	w.U32(m.Console)
	for _, b := range []bool{m.Framed, m.Force, m.Safe, m.ReadOnly} {
		w.Bool(b)
	}
	w.U64(m.From)
	w.U32(uint32(m.Rows))
	w.U32(uint32(m.Columns))
	w.U32(m.User)
}

func (m *ConsoleAnswer) put(w *pack.Writer) {
	w.U32(m.Request)
	w.U32(uint32(m.Refusal))
}

func (m *ResizeConsole) put(w *pack.Writer) {
	w.U32(m.Request)
	w.U32(m.Console)
	w.U32(uint32(m.Rows))
	w.U32(uint32(m.Columns))
}

func decodeOpenConsole(r *pack.Reader) *OpenConsole {
	return &OpenConsole{
		Request: r.U32(), Console: r.U32(), Framed: r.Bool(), Force: r.Bool(), Safe: r.Bool(), ReadOnly: r.Bool(),
		From: r.U64(), Rows: uint16(r.U32()), Columns: uint16(r.U32()), User: r.U32(),
	}
}

func decodeResizeConsole(r *pack.Reader) *ResizeConsole {
	return &ResizeConsole{Request: r.U32(), Console: r.U32(), Rows: uint16(r.U32()), Columns: uint16(r.U32())}
}

func putJournal(w *pack.Writer, m *Prepare) {
	w.U32(uint32(len(m.Journal)))
	for _, n := range m.Journal {
		w.U32(n)
	}
	w.U32(uint32(len(m.Fields)))
	for _, f := range m.Fields {
		w.String(f)
	}
}

func journal(r *pack.Reader) (consoles []uint32, fields []string) {
	for range r.Count(4) {
		consoles = append(consoles, r.U32())
	}
	for range r.Count(4) {
		fields = append(fields, r.String())
	}
	return consoles, fields
}

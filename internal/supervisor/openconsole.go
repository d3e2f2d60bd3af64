package supervisor

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/wire"
)

// consoleOrder carries out an order of berthd that is about a console.
func (s *supervisor) consoleOrder(e event) error {
	switch m := e.message.(type) {
	case *wire.ResizeConsole:
		answer := &wire.ConsoleAnswer{Request: m.Request, Refusal: unix.ENOENT}
		if int(m.Console) < len(s.consoles) {
			answer.Refusal = 0
			s.consoles[m.Console].resize(m.Rows, m.Columns)
		}
		return s.tell(answer)
	case *wire.OpenConsole:
		answer := &wire.ConsoleAnswer{Request: m.Request, Refusal: unix.EINVAL}
		if len(e.files) == 1 {
			answer.Refusal = s.openConsole(m, e.files[0])
		} else {
			closeFiles(e.files)
		}
		return s.tell(answer)
	}
	return nil
}

// openConsole serves a client. It takes ownership of the socket.
func (s *supervisor) openConsole(m *wire.OpenConsole, socket *os.File) unix.Errno {
	all, own := 0, 0
	for _, c := range s.consoles {
		a, o := c.count(m.User)
		all, own = all+a, own+o
	}
	refusal := unix.EUSERS
	switch {
	case all >= maxClients:
	case m.User != 0 && own >= maxUserClients:
		refusal = unix.EDQUOT
	default:
		refusal = s.join(m, socket)
	}
	if refusal != 0 {
		_ = socket.Close()
	}
	return refusal
}

func (s *supervisor) join(m *wire.OpenConsole, socket *os.File) unix.Errno {
	if int(m.Console) >= len(s.consoles) {
		return unix.ENOENT
	}
	c := s.consoles[m.Console]
	polled, err := nonblocking(socket)
	if err != nil {
		return unix.EINVAL
	}
	v := &client{
		console: c, socket: polled, framed: m.Framed, readOnly: m.ReadOnly, user: m.User, more: make(chan struct{}, 1),
		at: m.From, begun: m.From > 0, rows: m.Rows, columns: m.Columns,
	}
	if refusal := c.add(v, m.Force, m.Safe); refusal != 0 {
		_ = polled.Close()
		return refusal
	}
	_ = socket.Close()
	go v.send()
	go v.receive()
	return 0
}

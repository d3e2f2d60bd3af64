package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"syscall"

	"github.com/berthd/berth/internal/client"
	"github.com/berthd/berth/internal/console"
)

// session is one use of a console, over as many connections as it takes.
type session struct {
	*app
	options client.ConsoleOptions
	tty     *terminal // nil if the input is none
	escape  byte

	seen  uint64 // how much of the output was printed
	begun bool   // some was
	ours  bool   // the input is ours
	told  bool   // the supervisor has said whether it is

	mu   sync.Mutex // guards conn
	conn net.Conn   // the current connection
}

// The ways in which a connection to a console ends.
var (
	errEscaped = errors.New("the escape key was typed")
	errEnded   = errors.New("the container has ended")
	errCut     = errors.New("the connection was lost")
)

// run connects the user with the console until the user or the container ends it. The caller has opened the first
// connection.
func (s *session) run(ctx context.Context, f *os.File, again func(context.Context, client.ConsoleOptions) (*os.File, error)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if err := s.use(f); err != nil {
		return err
	}
	defer func() { s.swap(nil) }()
	stop := context.AfterFunc(ctx, func() { s.swap(nil) })
	defer stop()
	if s.tty != nil {
		done, err := s.tty.use(s.resize)
		if err != nil {
			return err
		}
		defer done()
	}
	go s.typeAll(cancel)
	for {
		err := s.print()
		switch {
		case context.Cause(ctx) != nil:
			return s.leave(context.Cause(ctx))
		case errors.Is(err, errEnded):
			return s.leave(err)
		case !errors.Is(err, errCut):
			return err
		}
		s.note("the connection was lost, connecting again")
		s.options.From, s.options.Rows, s.options.Columns = s.seen, 0, 0
		if s.tty != nil {
			s.options.Rows, s.options.Columns = s.tty.size()
		}
		f, err := again(ctx, s.options)
		if err != nil {
			return s.leave(err)
		}
		if err := s.use(f); err != nil {
			return err
		}
	}
}

// leave ends the session. An end that the user or the container wanted is no error.
func (s *session) leave(err error) error {
	if s.tty != nil {
		fmt.Fprint(s.out, "\r\n")
		_ = s.out.Flush()
	}
	if errors.Is(err, errEscaped) || errors.Is(err, errEnded) {
		return nil
	}
	return err
}

// note tells the user something beside the output.
func (s *session) note(format string, args ...any) {
	line := "\n"
	if s.tty != nil {
		fmt.Fprint(s.Err, "\r\n")
		line = "\r\n"
	}
	fmt.Fprintf(s.Err, "berthctl: "+format+line, args...)
}

// use makes a connection the current one. It takes ownership of the file.
func (s *session) use(f *os.File) error {
	conn, err := net.FileConn(f)
	_ = f.Close()
	if err != nil {
		return fmt.Errorf("connection to the console: %w", err)
	}
	s.swap(conn)
	return nil
}

// swap closes the current connection, and puts another in its place.
func (s *session) swap(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != nil {
		_ = s.conn.Close()
	}
	s.conn = conn
}

func (s *session) current() net.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conn
}

// print prints the output that comes by the current connection, until that ends.
func (s *session) print() error {
	conn := s.current()
	if conn == nil {
		return errCut
	}
	packet := make([]byte, console.MaxPacket)
	for {
		n, err := conn.Read(packet)
		if errors.Is(err, syscall.ECONNRESET) { // once, if the other side left input unread; the last packets follow
			n, err = conn.Read(packet)
		}
		if err != nil {
			return errCut
		}
		p, ok := console.Parse(packet[:n])
		switch {
		case !ok: // of a newer supervisor
		case p.Kind == console.Output:
			if err := s.output(p); err != nil {
				return err
			}
		case p.Kind == console.Input:
			s.input(p.On)
		case p.Kind == console.End:
			s.missing(p.At)
			return errEnded
		}
	}
}

func (s *session) output(p console.Packet) error {
	if s.begun {
		s.missing(p.At)
	}
	s.seen, s.begun = p.At+uint64(len(p.Bytes)), true
	_, err := s.out.Write(p.Bytes)
	if err == nil {
		err = s.out.Flush()
	}
	if err != nil {
		return fmt.Errorf("write the output: %w", err)
	}
	return nil
}

// missing tells the user of output that did not come.
func (s *session) missing(at uint64) {
	if at > s.seen {
		s.note("%d bytes of output were missed", at-s.seen)
	}
}

// input tells the user who has the input, if it is not plain.
func (s *session) input(ours bool) {
	switch {
	case s.told && ours == s.ours:
	case s.told && ours:
		s.note("the input is here now")
	case s.told:
		s.note("another client has taken the input")
	case !ours:
		s.note("another client has the input; --force takes it")
	}
	s.ours, s.told = ours, true
}

// typeAll sends what the user types, until the escape key.
func (s *session) typeAll(cancel context.CancelCauseFunc) {
	buf := make([]byte, console.MaxData)
	for {
		n, err := s.In.Read(buf)
		typed, escaped := buf[:n], false
		if s.tty != nil {
			typed, _, escaped = bytes.Cut(typed, []byte{s.escape})
		}
		if len(typed) > 0 {
			s.send(console.Packet{Kind: console.Data, Bytes: typed})
		}
		switch {
		case escaped:
			cancel(errEscaped)
			return
		case err != nil && s.tty != nil: // the terminal is gone
			if errors.Is(err, io.EOF) {
				err = errEscaped
			}
			cancel(err)
			return
		case err != nil: // the output goes on
			return
		}
	}
}

func (s *session) send(p console.Packet) {
	if conn := s.current(); conn != nil {
		_, _ = conn.Write(p.Append(nil)) // print notices a lost connection
	}
}

func (s *session) resize() {
	if rows, columns := s.tty.size(); rows > 0 {
		s.send(console.Packet{Kind: console.Resize, Rows: rows, Columns: columns})
	}
}

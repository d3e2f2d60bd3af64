package supervisor

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/cgroup"
	"github.com/berthd/berth/internal/linux/pidfd"
	"github.com/berthd/berth/internal/linux/tty"
	"github.com/berthd/berth/internal/wire"
)

// maxOver is how many commands have ended, and nobody has asked for their end.
const maxOver = 1024

// command is a command in the container.
type command struct {
	id       uint32
	pid      uint32
	name     string
	process  *os.File // pidfd; nil once it is over
	terminal *os.File // the command's side of its terminal, to resize it; nil without one
	over     *wire.Over
}

// commands are those of one container, in the order of their ids. The goroutine of run owns them.
type commands struct {
	rights  rights
	freezer *cgroup.Freezer // of the container's group; nil before the first command
	list    []*command
	last    uint32 // the latest id
	alive   int
}

// exec begins a command. It does not wait for that.
func (s *supervisor) exec(m *wire.Exec, files []*os.File) {
	if err := s.canExec(); err != nil {
		closeFiles(files)
		s.refuse(m.Request, err)
		return
	}
	e := s.entry(m, files)
	s.errand(func(x *errand) func() {
		in, err := e.enter(x)
		if errors.Is(err, errTold) {
			return nil
		}
		return func() { s.begun(m, in, err) }
	})
}

// canExec returns an error if no command can be begun now.
func (s *supervisor) canExec() error {
	if !s.running || s.status != nil {
		return &wire.Failed{Stage: "exec", Text: "the container does not run", Number: unix.ESRCH}
	}
	if err := s.errands.slot("exec"); err != nil {
		return err
	}
	frozen, err := s.suspended()
	if err != nil {
		return err
	}
	if frozen {
		return errSuspended()
	}
	return nil
}

// suspended reports whether the container's group was told to freeze.
func (s *supervisor) suspended() (_ bool, err error) {
	if s.commands.freezer == nil {
		if s.commands.freezer, err = s.payload.Freezer(); err != nil {
			return false, err
		}
	}
	return s.commands.freezer.Frozen()
}

// begun tells berthd of a command, or why there is none.
func (s *supervisor) begun(m *wire.Exec, b *entered, err error) {
	if err != nil {
		s.refuse(m.Request, err)
		return
	}
	defer closeFiles(b.ends)
	s.commands.last++
	c := &command{id: s.commands.last, pid: b.pid, name: m.Argv[0], process: b.process, terminal: b.terminal}
	begun := &wire.Begun{Request: m.Request, ID: c.id, PID: c.pid, Command: c.name}
	if st := b.status; st != nil && s.control != nil {
		// Nobody has its id, to ask for its end.
		closeFiles([]*os.File{c.process, c.terminal})
		begun.Ended, begun.Code, begun.Signal, begun.Dumped = true, st.Code, st.Signal, st.Dumped
		s.mention(begun, b.ends...)
		return
	}
	s.commands.list = append(s.commands.list, c)
	s.commands.alive++
	s.mention(begun, b.ends...)
	if b.status != nil {
		s.over(c, *b.status)
		return
	}
	go s.await(c)
}

// await reaps a command that has ended. It does that itself: as long as init's pid namespace has a process that is not
// reaped, init cannot end, either.
func (s *supervisor) await(c *command) {
	err := pidfd.Wait(c.process)
	st, rerr := pidfd.Reap(c.process)
	if err = errors.Join(err, rerr); err != nil {
		fmt.Fprintln(os.Stderr, "berth-supervisor: command:", err)
	}
	s.events <- event{do: func() { s.over(c, st) }}
}

func (s *supervisor) over(c *command, st pidfd.Status) {
	closeFiles([]*os.File{c.process, c.terminal})
	c.process, c.terminal = nil, nil
	c.over = &wire.Over{ID: c.id, Code: st.Code, Signal: st.Signal, Dumped: st.Dumped}
	s.commands.alive--
	s.mention(c.over)
	if ended := len(s.commands.list) - s.commands.alive; ended > maxOver {
		for _, c := range s.commands.list {
			if c.over != nil {
				s.commands.forget(c.id)
				break
			}
		}
	}
}

// recount tells a new berthd of all commands.
func (s *supervisor) recount() {
	for _, c := range s.commands.list {
		s.mention(&wire.Begun{ID: c.id, PID: c.pid, Command: c.name})
		if c.over != nil {
			s.mention(c.over)
		}
	}
}

// refuse tells berthd why a command was not executed.
func (s *supervisor) refuse(request uint32, err error) {
	m := &wire.Refused{Request: request, Failed: wire.Failed{Stage: "exec", Text: err.Error(), Number: errno(err)}}
	if failed, ok := errors.AsType[*wire.Failed](err); ok {
		m.Failed = *failed
	}
	m.Status = statusOf(err)
	s.mention(m)
}

// mention sends a message to berthd if there is one. An error is logged: the container goes on.
func (s *supervisor) mention(m wire.Message, files ...*os.File) {
	if err := s.tell(m, files...); err != nil {
		fmt.Fprintln(os.Stderr, "berth-supervisor:", err)
	}
}

// awaitCommands waits for the commands of a container whose init has ended. The kernel has killed them before.
func (s *supervisor) awaitCommands() {
	for s.commands.alive > 0 {
		if e := <-s.events; e.do != nil {
			e.do()
		} else {
			closeFiles(e.files)
		}
	}
}

// order carries out an order about a command. It is no error if the command has ended.
func (s *supervisor) order(m wire.Message) {
	var err error
	switch m := m.(type) {
	case *wire.Signal:
		err = s.signal(m)
	case *wire.Resize:
		if c := s.commands.find(m.ID); c != nil && c.terminal != nil {
			err = tty.Resize(c.terminal, m.Rows, m.Columns)
		}
	case *wire.Forget:
		if c := s.commands.find(m.ID); c != nil && c.over != nil {
			s.commands.forget(m.ID)
		}
	}
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		fmt.Fprintln(os.Stderr, "berth-supervisor:", err)
	}
}

func (s *supervisor) signal(m *wire.Signal) error {
	if m.PID != 0 {
		s.signalInside(m)
		return nil
	}
	if m.ID == 0 {
		return pidfd.Signal(s.init, syscall.Signal(m.Number))
	}
	c := s.commands.find(m.ID)
	if c == nil || c.process == nil {
		return os.ErrProcessDone
	}
	return pidfd.Signal(c.process, syscall.Signal(m.Number))
}

func (c *commands) find(id uint32) *command {
	for _, one := range c.list {
		if one.id == id {
			return one
		}
	}
	return nil
}

func (c *commands) forget(id uint32) {
	for i, one := range c.list {
		if one.id == id {
			c.list = append(c.list[:i], c.list[i+1:]...)
			return
		}
	}
}

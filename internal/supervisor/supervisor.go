package supervisor

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/berthd/berth/internal/cgroup"
	"github.com/berthd/berth/internal/linux/pidfd"
	"github.com/berthd/berth/internal/wire"
)

// supervisor is the state of one container, owned by run.
type supervisor struct {
	control  *wire.Conn // to berthd; nil when there is none
	payload  *cgroup.Dir
	view     *view    // nil where the host has no FUSE
	init     *os.File // pidfd
	initPID  uint32
	initConn *wire.Conn // to the init stage; nil once init is executed
	consoles []*console
	ready    bool // the init stage has done all but to exec
	allowed  bool // and may
	running  bool
	asked    bool // by systemd to end
	mapped   bool // it has a user namespace, whose root is uid, gid on the host
	uid, gid int
	stop     syscall.Signal // that ends init; 0: the one that it listens to
	events   chan event
}

// event is what another goroutine saw; exactly one of from, hello, ended and sigterm is set.
type event struct {
	from     *wire.Conn // who said m, or ended (m is nil)
	message  wire.Message
	files    []*os.File
	hello    *wire.Conn // a new berthd
	listener *listener  // with hello: by which it came
	ended    bool       // init
	sigterm  bool
}

// Run supervises one container from its birth to its end and returns the process's exit status.
func Run() int {
	setName()
	_ = syscall.Close(wire.FDProgram)
	control, err := wire.NewConn(wire.FDControl)
	if err == nil {
		syscall.CloseOnExec(wire.FDControl)
		syscall.CloseOnExec(wire.FDListen)
		s := &supervisor{control: control, events: make(chan event)}
		err = s.start()
		if err == nil {
			err = s.run()
		}
		if err != nil {
			s.report(err)
		}
	}
	if err != nil && !errors.Is(err, errGivenUp) {
		fmt.Fprintln(os.Stderr, "berth-supervisor:", err)
		return 1
	}
	return 0
}

// errGivenUp says that berthd has hung up before init ran: nobody will finish this start.
var errGivenUp = errors.New("the start is given up")

// report tells berthd what went wrong here, if it is still there, and ends what was begun.
func (s *supervisor) report(err error) {
	s.kill()
	if s.control == nil || errors.Is(err, errGivenUp) {
		return
	}
	failed := &wire.Failed{Stage: "supervisor", Text: err.Error()}
	if !errors.As(err, &failed) {
		_ = errors.As(err, &failed.Number)
	}
	_ = s.control.Send(failed)
}

// run handles events until init has ended.
func (s *supervisor) run() error {
	// A word to a journal that went away must not end us: a SIGPIPE that is asked for is no more than
	// an error of the write (os/signal, "SIGPIPE").
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	go func() {
		for range signals {
			s.events <- event{sigterm: true}
		}
	}()
	go s.listen(s.control)
	go s.listen(s.initConn)
	go func() {
		_ = pidfd.Wait(s.init)
		s.events <- event{ended: true}
	}()
	for e := range s.events {
		done, err := s.handle(e)
		if done || err != nil {
			return err
		}
	}
	return nil
}

func (s *supervisor) handle(e event) (done bool, err error) {
	switch {
	case e.ended:
		return true, s.ended()
	case e.hello != nil:
		s.greet(e.hello, e.listener)
		return false, nil
	case e.sigterm:
		s.asked = true
		return false, s.terminate()
	case e.from == s.initConn:
		return false, s.fromInit(e)
	case e.from == s.control:
		return false, s.fromDaemon(e)
	}
	return false, nil // an old berthd's last words
}

// listen turns one connection's messages into events, and its end.
func (s *supervisor) listen(c *wire.Conn) {
	for {
		m, files, err := c.Recv()
		switch {
		case err == nil:
			s.events <- event{from: c, message: m, files: files}
		case errors.Is(err, wire.ErrUnreadable): // an order of a newer berthd
			fmt.Fprintln(os.Stderr, "berth-supervisor:", err)
		default:
			s.events <- event{from: c}
			return
		}
	}
}

func (s *supervisor) fromDaemon(e event) error {
	switch e.message.(type) {
	case nil:
		if !s.running {
			return errGivenUp
		}
		_ = s.control.Close()
		s.control = nil
	case *wire.Place:
		if len(e.files) != 1 {
			return errors.New("no control group to be placed in")
		}
		scope := cgroup.Adopt(e.files[0])
		defer func() { _ = scope.Close() }()
		return s.place(scope)
	case *wire.Terminate:
		return s.terminate()
	case *wire.Continue:
		s.allowed = true
		_, err := s.tellInit(&wire.Continue{})
		return err
	}
	return nil
}

// tellInit sends to the init stage. That it is gone is no error: what it said last, or that it said
// nothing, is on its way, and is the cause.
func (s *supervisor) tellInit(m wire.Message, files ...*os.File) (sent bool, err error) {
	if s.initConn == nil {
		return false, nil
	}
	err = s.initConn.Send(m, files...)
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) {
		return false, nil
	}
	return err == nil, err
}

func (s *supervisor) fromInit(e event) error {
	switch m := e.message.(type) {
	case nil: // its socket closed: by execve(2), or by its end
		_ = s.initConn.Close()
		s.initConn = nil
		if !s.ready || !s.allowed {
			return errors.New("the init stage ended without a word")
		}
		return s.executed()
	case *wire.Ready:
		s.ready = true
	case *wire.Consoles:
		return s.adopt(e.files)
	case *wire.Failed:
		return m
	}
	return nil
}

// executed is the moment from which the container runs by itself.
func (s *supervisor) executed() error {
	s.running = true
	err := s.tell(&wire.Running{})
	go s.accept()
	return err
}

// tell sends to berthd if there is one; that it is gone is no error. A container that runs is not
// hurt by one that cannot be told.
func (s *supervisor) tell(m wire.Message, files ...*os.File) error {
	if s.control == nil {
		return nil
	}
	err := s.control.Send(m, files...)
	switch {
	case err == nil, errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNRESET):
		return nil
	case s.running:
		fmt.Fprintln(os.Stderr, "berth-supervisor:", err)
		return nil
	}
	return err
}

package supervisor

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/berthd/berth/internal/cgroup"
	"github.com/berthd/berth/internal/linux/hostlimit"
	"github.com/berthd/berth/internal/linux/pidfd"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/wire"
)

// supervisor is the state of one container, owned by run.
type supervisor struct {
	control  *wire.Conn // to berthd; nil if there is none
	socket   *os.File   // where later berthds connect
	payload  *cgroup.Dir
	view     *view    // nil if the host has no FUSE
	clock    clock    // when the container's life began
	init     *os.File // pidfd
	initPID  uint32
	stage    *stage // nil before it begins, and once init is executed
	consoles []*console
	unheld   []wire.Source // the sources whose file systems hold is to keep from being made read-only
	held     []*os.File    // open in the host's file systems of the sources
	devices  holding       // what the container's devices need, and what disappears with this process
	between  *os.File      // the mount namespace that init was cloned into; nil without a user namespace
	ready    bool          // the init stage has only the exec left
	allowed  bool          // berthd has allowed the exec
	running  bool          // init has been executed
	asked    bool          // systemd has ordered the end
	request  *request      // what init is asked for; nil if nothing
	writing  chan struct{} // one slot: a write to init's initctl FIFO
	mapped   bool          // the container has a user namespace; its root is uid, gid on the host
	commands commands
	errands  errands
	uid, gid int
	passed   passed         // what init was passed
	said     *wire.Notified // by init; nil if nothing
	unsaid   bool           // berthd has not got that yet
	stop     syscall.Signal // the signal that ends init; 0 means one that init listens to
	orders   chan os.Signal // systemd's orders to end
	events   chan event
	status   *pidfd.Status // of init, once it is reaped
	label    plan.Label    // that init shall have

	journal journals // of the consoles
}

// event is one thing that another goroutine saw. Exactly one of from, hello, stage, ended, order, look, wrote, notified
// and do is set.
type event struct {
	from     *wire.Conn // the connection that got message, or was closed (message is nil)
	message  wire.Message
	files    []*os.File
	hello    *wire.Conn     // the connection of a new berthd
	listener *listener      // with hello: the listener that accepted it
	stage    *staged        // the init stage has come so far
	ended    bool           // init has ended
	order    bool           // systemd has ordered the end
	look     *request       // it is time to look at init's signals for this request
	wrote    *request       // the write to init's initctl FIFO has ended, with err
	err      error          // with message: its descriptors are lost
	notified *wire.Notified // init has said something
	do       func()         // the rest of what another goroutine began
}

// Run supervises one container from its start to its end. It returns the process's exit status.
func Run() int {
	setComm()
	orders := make(chan os.Signal, 1) // an order may come during the start
	signal.Notify(orders, wire.StopOrder, syscall.SIGTERM)
	_ = syscall.Close(wire.FDProgram)
	control, err := wire.NewConn(wire.FDControl)
	if err == nil {
		syscall.CloseOnExec(wire.FDControl)
		s := &supervisor{control: control, orders: orders, events: make(chan event), writing: make(chan struct{}, 1)}
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

// errGivenUp says that berthd has hung up before init was executed.
var errGivenUp = errors.New("the start is given up")

// report kills the container and sends the error to berthd, if berthd is still there.
func (s *supervisor) report(err error) {
	s.kill()
	if s.control == nil || errors.Is(err, errGivenUp) {
		return
	}
	err = s.firstCause(err)
	failed := &wire.Failed{Stage: "supervisor", Text: hostlimit.Explain(hostlimit.Any, err).Error()}
	if !errors.As(err, &failed) {
		_ = errors.As(err, &failed.Number)
	}
	_ = s.control.Send(failed)
}

// run handles events until init has ended.
func (s *supervisor) run() error {
	// Writing to a journal that went away must not end this process. With Notify for SIGPIPE the write only
	// returns an error (os/signal, "SIGPIPE").
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	go func() {
		for range s.orders {
			s.events <- event{order: true}
		}
	}()
	go s.listen(s.control)
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
	case e.stage != nil:
		return false, s.fromStage(e.stage)
	case e.hello != nil:
		s.greet(e.hello, e.listener)
		return false, nil
	case e.order:
		return false, s.ordered()
	case e.look != nil:
		return false, s.look(e.look)
	case e.wrote != nil:
		return false, s.wrote(e.wrote, e.err)
	case e.notified != nil:
		return false, s.notified(e.notified)
	case e.do != nil:
		e.do()
		return false, nil
	case e.from == s.control:
		return false, s.fromDaemon(e)
	}
	closeFiles(e.files) // a last message of an old berthd
	return false, nil
}

// listen turns the messages of one connection into events, and also its end.
func (s *supervisor) listen(c *wire.Conn) {
	for {
		m, files, err := c.Recv()
		switch {
		case err == nil:
			s.events <- event{from: c, message: m, files: files}
		case errors.Is(err, wire.ErrDescriptors) && m != nil:
			s.events <- event{from: c, message: m, err: err}
		case errors.Is(err, wire.ErrUnreadable): // an order of a newer berthd
			fmt.Fprintln(os.Stderr, "berth-supervisor:", err)
		default:
			s.events <- event{from: c}
			return
		}
	}
}

func (s *supervisor) fromDaemon(e event) error {
	switch m := e.message.(type) {
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
		if err := s.place(scope); err != nil {
			return err
		}
		s.hold() // now berthd is busy with machined, and init waits for a message that comes after that
	case *wire.Terminate:
		return s.terminate()
	case *wire.Request:
		return s.serve(m)
	case *wire.OpenConsole, *wire.ResizeConsole:
		return s.consoleOrder(e)
	case *wire.Hold, *wire.LetGo:
		return s.holdOrder(e)
	case *wire.Continue:
		if s.stage != nil {
			reach(s.stage.allowed)
		}
		s.allowed = true
	case *wire.Exec:
		if e.err != nil {
			s.refuse(m.Request, e.err)
			return nil
		}
		s.exec(m, e.files)
	case *wire.Signal, *wire.Resize, *wire.Forget:
		s.order(m)
	default:
		closeFiles(e.files)
	}
	return nil
}

// executed tells berthd that init runs, and starts to accept new berthds. From now on the container does not
// need berthd.
func (s *supervisor) executed() error {
	s.running = true
	protect()
	err := s.tell(&wire.Running{})
	between := s.between
	s.between = nil
	go func() { _ = between.Close() }() // it waits for RCU; nil if there is none
	go s.accept()
	return err
}

// tell sends a message to berthd if there is one. It is no error if berthd is gone. Once the container runs,
// other errors are only logged: they must not end it.
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

package supervisor

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/cgroup"
	"github.com/berthd/berth/internal/linux/inherit"
	"github.com/berthd/berth/internal/linux/keyring"
	"github.com/berthd/berth/internal/linux/namespace"
	"github.com/berthd/berth/internal/wire"
)

// start waits for the first message, and does the steps from there to the clone of init. Meanwhile systemd is still
// putting this process into its scope.
func (s *supervisor) start() error {
	m, files, err := s.control.Recv()
	switch {
	case errors.Is(err, io.EOF):
		return errGivenUp // berthd has ended, and did not need this process
	case errors.Is(err, wire.ErrUnreadable) && !errors.Is(err, wire.ErrDescriptors):
		return fmt.Errorf("%w: %w", errOtherRelease, err)
	}
	if err != nil {
		return err
	}
	prepare, files, err := checkPrepare(m, files)
	if err != nil {
		return err
	}
	if err := begin(prepare); err != nil {
		return err
	}
	last := len(files) - int(prepare.Held)
	if err := s.holdDisks(prepare, files[last:]); err != nil {
		return err
	}
	files = files[:last]
	s.stop = syscall.Signal(prepare.StopSignal)
	s.commands.rights.plan = files[0]
	s.journal = journals{consoles: prepare.Journal, fields: prepare.Fields}
	passed, err := s.receivePassed(prepare.Passed)
	if err != nil {
		return err
	}
	bare := files[1]
	s.socket = files[2]
	files = files[3:]
	shared := make([]namespace.Held, len(prepare.Join))
	for i, kind := range prepare.Join {
		shared[i] = namespace.Held{Kind: namespace.Kind(kind), File: files[i]}
		defer func() { _ = files[i].Close() }()
	}
	var sources []*os.File
	defer func() { closeFiles(append(sources, bare)) }()
	trees := files[len(prepare.Join):]
	for i, src := range prepare.Sources {
		kind := 0
		if i == 0 { // the root
			kind = unix.O_DIRECTORY
		}
		tree, err := openSource(src, kind, &trees)
		if err != nil {
			return &wire.Failed{Stage: "sources", Text: err.Error(), Number: errno(err)}
		}
		sources = append(sources, tree)
		if err := unmarked(prepare, i, tree); err != nil {
			return &wire.Failed{Stage: "sources", Text: src.Path + ": " + err.Error(), Number: errno(err)}
		}
	}

	// The child's descriptors (package initproc).
	handed := []*os.File{os.Stdin, os.Stdout, os.Stderr, bare}
	if len(prepare.UIDs) == 0 {
		handed = append(handed, sources...)
	}
	var connection *os.File
	if prepare.ProcView {
		dev, tree := files[len(files)-1], (*os.File)(nil)
		if connection, tree, err = mountView(dev, prepare.FileLabel); err != nil {
			return &wire.Failed{Stage: "proc view", Text: err.Error(), Number: errno(err)}
		}
		defer closeFiles([]*os.File{dev, tree})
		handed = append(handed, tree)
	}
	handed = append(handed, passed...)
	// Init has this keyring until it makes its own. It keeps this one if its user may have no more keys.
	clone := func() error { return keyring.Apart(func() error { return s.cloneInTime(prepare, handed, sources) }) }
	if len(prepare.UIDs) > 0 {
		err = named(namespace.Apart(shared, func() error { return s.cloneMapped(prepare, clone, sources) }))
	} else {
		err = named(namespace.Within(shared, clone))
	}
	if err != nil {
		return err
	}
	if connection != nil {
		s.view = serveView(connection, uint32(s.uid), uint32(s.gid), s.clock)
	}
	if err := s.tell(&wire.Born{PID: s.initPID, Supervisor: uint32(os.Getpid())}); err != nil {
		return err
	}
	s.keepPassed(passed)
	if prepare.Hold {
		s.unheld = prepare.Sources
	}
	return nil
}

// named adds the element of the definition to the error about a namespace that cannot be entered.
func named(err error) error {
	if refused, ok := errors.AsType[*namespace.EnterError](err); ok {
		return &wire.Failed{Stage: "namespaces", Text: fmt.Sprintf("lxc:share%s: %v", refused.Kind, err), Number: errno(err)}
	}
	return err
}

// setComm sets the name that ps, top and the OOM killer's log show. It would be a number: the program was executed
// by descriptor. prctl(2) would name the calling thread, which may not be the first. The kernel keeps 15
// bytes.
func setComm() { _ = inherit.Setting{File: "comm", Value: "berth-supervisor"}.Write() }

// place divides the scope into two groups, and moves init and this process to theirs: cgroup v2 allows no
// processes in inner nodes. The moves are cheap because systemd has just moved this process. berthd waits only for
// init's.
func (s *supervisor) place(scope *cgroup.Dir) (err error) {
	if s.payload, err = scope.Make(cgroup.Payload); err != nil {
		return err
	}
	if s.view != nil {
		s.view.group.Store(s.payload)
	}
	if s.mapped {
		if err := s.payload.Chown(s.uid, s.gid); err != nil {
			return err
		}
	}
	if err := s.payload.Enter(s.initPID); err != nil {
		return err
	}
	if s.stage != nil { // otherwise it has ended, and the event of that follows
		reach(s.stage.placed)
		if err := s.tell(&wire.Placed{}); err != nil {
			return err
		}
	}
	// Init is executed only after all this: berthd's leave comes as a message that follows.
	own, err := scope.Make(cgroup.Supervisor)
	if err != nil {
		return err
	}
	defer func() { _ = own.Close() }()
	if err := own.Enter(uint32(os.Getpid())); err != nil {
		return err
	}
	if err := scope.PassControllersOn(); err != nil {
		return err
	}
	if err := scope.LimitDepth(); err != nil {
		return err
	}
	return own.Protect()
}

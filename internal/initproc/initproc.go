package initproc

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/inroot"
	"github.com/berthd/berth/internal/linux/mount"
	"github.com/berthd/berth/internal/linux/signals"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/wire"
)

// Name is argv[0] of the init stage.
const Name = "berth-init"

// The descriptors that the supervisor hands over: the sources follow the plan.
const (
	FDWire = 3 + iota
	FDPlan
	FDSources
)

// stageError says at which stage the plan could not be carried out.
type stageError struct {
	stage string
	err   error
}

func (e *stageError) Error() string { return e.stage + ": " + e.err.Error() }
func (e *stageError) Unwrap() error { return e.err }

// stager is one init stage under way.
type stager struct {
	conn    *wire.Conn
	plan    *plan.Plan
	sources []*os.File
	fresh   map[*plan.Mount]*os.File // new file systems, not attached yet
	view    map[string]*os.File      // the files of the container's own part of /proc, by name
	root    inroot.Root
	devpts  *os.File // the container's own instance
	stdio   *os.File // terminal side of console 0
	user    credentials
}

// Run carries out the plan and executes init. It returns only on failure, with the exit status.
func Run() int {
	// What is set per thread, as capabilities and namespaces, is what init gets: execve(2) keeps
	// those of the thread that calls it, whichever it is.
	runtime.LockOSThread()
	conn, err := wire.NewConn(FDWire)
	if err != nil {
		fmt.Fprintln(os.Stderr, "berth-init:", err)
		return 1
	}
	err = (&stager{conn: conn}).run()
	failed := &wire.Failed{Stage: "init", Text: err.Error()}
	if stage, ok := errors.AsType[*stageError](err); ok {
		failed.Stage, failed.Text = stage.stage, stage.err.Error()
	}
	_ = errors.As(err, &failed.Number)
	if err := conn.Send(failed); err != nil {
		fmt.Fprintf(os.Stderr, "berth-init: %v (after %s)\n", err, failed.Error())
	}
	return 1
}

func (s *stager) run() error {
	for _, step := range []struct {
		stage string
		run   func() error
	}{
		{"plan", s.readPlan},
		{"mapping", s.awaitMapping},
		{"mounts", s.makeNew},
		{"root", s.enterRoot},
		{"mounts", s.basicMounts},
		{"devices", s.devices},
		{"consoles", s.consoles},
		{"filesystems", s.filesystems},
		{"identity", s.identity},
		{"init", s.findInit},
		{"session", s.session},
		{"cgroup", s.enterGroup},
		{"seccomp", s.filter}, // as long as it may: what follows is not in any list
		{"capabilities", s.drop},
		{"personality", s.restrict},
		{"continue", s.ready},
	} {
		if err := step.run(); err != nil {
			return &stageError{step.stage, err}
		}
	}
	return &stageError{"exec", s.exec()}
}

func (s *stager) readPlan() error {
	// Its memory and descriptors are nobody's business, whatever user namespace looks at it.
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("prctl PR_SET_DUMPABLE: %w", err)
	}
	unix.Umask(0)
	f := os.NewFile(FDPlan, "plan")
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.NewSectionReader(f, 0, wire.MaxPlan))
	if err != nil {
		return fmt.Errorf("read plan: %w", err)
	}
	if s.plan, err = plan.Unpack(text); err != nil {
		return err
	}
	for i, src := range s.plan.Sources {
		syscall.CloseOnExec(FDSources + i)
		s.sources = append(s.sources, os.NewFile(uintptr(FDSources+i), src.Path))
	}
	return nil
}

// awaitMapping waits, with a user namespace, until the sources' owners are mapped by it.
func (s *stager) awaitMapping() error {
	if !s.plan.Namespaces.User {
		return nil
	}
	_, err := s.await(wire.TypeMapped)
	return err
}

// enterRoot makes Sources[0] the root. For the moment of the pivot it is attached on the old one.
func (s *stager) enterRoot() error {
	if err := mount.MakePrivate(); err != nil {
		return err
	}
	if err := s.takeView(); err != nil {
		return err
	}
	if err := mount.Pivot(s.sources[0], "/"); err != nil {
		return err
	}
	s.root = inroot.New(s.sources[0])
	for _, p := range s.plan.Detach {
		if err := mount.Detach(p); err != nil {
			return err
		}
	}
	return nil
}

// enterGroup waits until the supervisor has moved us into our control group, which then becomes
// the root of the cgroup namespace, and mounts it.
func (s *stager) enterGroup() error {
	for _, src := range s.sources {
		defer func() { _ = src.Close() }()
	}
	if _, err := s.await(wire.TypePlaced); err != nil {
		return err
	}
	if s.plan.Namespaces.Cgroup {
		if err := unix.Unshare(unix.CLONE_NEWCGROUP); err != nil {
			return fmt.Errorf("unshare the cgroup namespace: %w", err)
		}
	}
	return s.mountAll([]plan.Mount{s.plan.Cgroup})
}

// ready tells that all is prepared and waits for leave to execute.
func (s *stager) ready() error {
	if err := s.conn.Send(&wire.Ready{}); err != nil {
		return err
	}
	_, err := s.await(wire.TypeContinue)
	return err
}

// await gives the descriptors that come with the next message, which must be of this type.
func (s *stager) await(t wire.Type) ([]*os.File, error) {
	m, files, err := s.conn.Recv()
	if err != nil {
		return nil, err
	}
	if got := wire.TypeOf(m); got != t {
		return files, fmt.Errorf("unexpected message of type %d, not %d", got, t)
	}
	return files, nil
}

func (s *stager) exec() error {
	// The last resort against a leak: all the fds that there may be close on exec.
	if err := unix.CloseRange(3, ^uint(0), unix.CLOSE_RANGE_CLOEXEC); err != nil {
		return fmt.Errorf("close_range: %w", err)
	}
	i := s.plan.Init
	signals.Reset()
	return &os.PathError{Op: "execute", Path: i.Path, Err: syscall.Exec(absolute(i.Path), i.Args, i.Env)}
}

package initproc

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/hostlimit"
	"github.com/berthd/berth/internal/linux/inherit"
	"github.com/berthd/berth/internal/linux/inroot"
	"github.com/berthd/berth/internal/linux/mount"
	"github.com/berthd/berth/internal/linux/signals"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/wire"
)

// Name is argv[0] of the init stage.
const Name = "berth-init"

// The descriptors that the supervisor passes to the init stage. The sources are FDSources and the
// numbers after it, without a user namespace; then come those that init is passed.
const (
	FDWire = 3 + iota
	FDPlan
	FDBare // the mount namespace of mount.Bare
	FDSources
)

// stageError is an error of one step of the plan.
type stageError struct {
	stage string
	err   error
}

func (e *stageError) Error() string { return e.stage + ": " + e.err.Error() }
func (e *stageError) Unwrap() error { return e.err }

// stage is the state of the init stage.
type stage struct {
	conn    *wire.Conn
	plan    *plan.Plan
	sources []*os.File
	fresh   map[*plan.Mount]*os.File // new file systems that are not attached yet
	view    map[string]*os.File      // the files of the container's view of /proc, by name
	root    inroot.Root
	below   *mount.Below // what is below the root, nil if nothing is
	devpts  *os.File     // the container's own devpts
	stdio   *os.File     // the terminal end of console 0
	user    credentials
}

// Run carries out the plan and executes init. It returns the exit status if it fails, and never
// otherwise. The calling goroutine must be bound to its thread: capabilities and namespaces are a thread's, and
// execve(2) gives init those of the calling one.
func Run() int {
	conn, err := wire.NewConn(FDWire)
	if err != nil {
		fmt.Fprintln(os.Stderr, "berth-init:", err)
		return 1
	}
	s := &stage{conn: conn}
	err = s.run()
	failed := &wire.Failed{Stage: "init", Text: err.Error()}
	if cause, ok := errors.AsType[*stageError](err); ok {
		failed.Stage, failed.Text = cause.stage, cause.err.Error()
	}
	_ = errors.As(err, &failed.Number)
	if err := s.conn.Send(failed); err != nil {
		fmt.Fprintf(os.Stderr, "berth-init: %v (after %s)\n", err, failed.Error())
	}
	return 1
}

func (s *stage) run() error {
	for _, step := range []struct {
		stage string
		run   func() error
	}{
		{"plan", s.readPlan},
		{"mapping", s.ownMounts},
		{"mounts", s.makeNew},
		{"root", s.enterRoot},
		{"mounts", s.basicMounts},
		{"mounts", s.protect},
		{"devices", s.devices},
		{"devices", s.notify},
		{"consoles", s.consoles},
		{"filesystems", s.filesystems},
		{"identity", s.identity},
		{"init", s.findInit},
		{"session", s.session},
		{"cgroup", s.enterGroup},
		{"seccomp", s.filter}, // before "capabilities": it needs CAP_SYS_ADMIN. No profile denies a later call.
		{"capabilities", s.drop},
		{"personality", s.restrict},
		{"continue", s.ready},
	} {
		if err := step.run(); err != nil {
			return &stageError{step.stage, hostlimit.Explain(hostlimit.Any, err)}
		}
	}
	return &stageError{"exec", s.exec()}
}

func (s *stage) readPlan() error {
	// No process, in any user namespace, may read this one's memory or descriptors.
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
	if s.plan.Namespaces.User {
		return nil // the supervisor attaches them
	}
	for i, src := range s.plan.Sources {
		syscall.CloseOnExec(FDSources + i)
		s.sources = append(s.sources, os.NewFile(uintptr(FDSources+i), src.Path))
	}
	return nil
}

// ownMounts makes the container's mount namespace. It has nothing of the host but an empty directory.
//
// With a user namespace it waits until the supervisor has mapped the owners in the sources and has attached them,
// in a mount namespace of the host's user namespace. It makes the container's own as a copy of that: only
// in the copy does the kernel lock the mounts and their flags (mount_namespaces(7)).
func (s *stage) ownMounts() error {
	bare := os.NewFile(FDBare, "bare")
	defer func() { _ = bare.Close() }()
	if !s.plan.Namespaces.User {
		return hostlimit.Clone(unix.CLONE_NEWNS, mount.Enter(bare))
	}
	if _, err := s.await(wire.TypeMapped); err != nil {
		return err
	}
	if err := mount.Unshare(); err != nil {
		return hostlimit.Clone(unix.CLONE_NEWNS, err)
	}
	for i, src := range s.plan.Sources {
		tree, err := mount.Take(mount.Shelf, i, src.Path)
		if err != nil {
			return err
		}
		s.sources = append(s.sources, tree)
	}
	return nil
}

// enterRoot makes Sources[0] the root.
func (s *stage) enterRoot() error {
	if err := s.takeView(); err != nil {
		return err
	}
	if err := s.setRoot(); err != nil {
		return err
	}
	s.root = inroot.New(s.sources[0])
	if s.plan.Namespaces.User {
		return nil // the supervisor has covered them: here they are locked
	}
	for _, p := range s.plan.Sources[0].Hide {
		if err := mount.Detach(p); err != nil {
			return err
		}
	}
	return nil
}

// setRoot makes Sources[0] the root. It keeps the whole file systems below the root.
func (s *stage) setRoot() (err error) {
	var whole []*plan.Mount
	var kept []*os.File
	for i := range s.plan.Mounts {
		if m := &s.plan.Mounts[i]; m.Whole {
			whole, kept = append(whole, m), append(kept, s.fresh[m])
		}
	}
	if s.plan.Namespaces.User { // the host's mounts are there
		s.below, err = mount.PivotOver(s.sources[0], "/", kept)
	} else {
		s.below, err = mount.RootOver(s.sources[0], kept)
	}
	if err != nil {
		return err
	}
	for i, m := range whole {
		clone, err := mount.Clone(kept[i], mount.One)
		_ = kept[i].Close()
		if err != nil {
			return err
		}
		s.fresh[m] = clone
	}
	return nil
}

// enterGroup waits until the supervisor has moved this process into its control group. That becomes
// the root of a new cgroup namespace, and is mounted.
func (s *stage) enterGroup() error {
	for _, src := range s.sources {
		defer func() { _ = src.Close() }()
	}
	if _, err := s.await(wire.TypePlaced); err != nil {
		return err
	}
	if s.plan.Namespaces.Cgroup {
		if err := unix.Unshare(unix.CLONE_NEWCGROUP); err != nil {
			return fmt.Errorf("unshare the cgroup namespace: %w", hostlimit.Clone(unix.CLONE_NEWCGROUP, err))
		}
	}
	return s.mountAll([]plan.Mount{s.plan.Cgroup})
}

// ready tells the supervisor that all is prepared, and waits until it may execute init.
func (s *stage) ready() error {
	if err := s.conn.Send(&wire.Ready{}); err != nil {
		return err
	}
	_, err := s.await(wire.TypeContinue)
	return err
}

// await receives the next message and returns its descriptors. It returns an error if the message is
// of another type.
func (s *stage) await(t wire.Type) ([]*os.File, error) {
	m, files, err := s.conn.Recv()
	if err != nil {
		return nil, err
	}
	if got := wire.TypeOf(m); got != t {
		return files, fmt.Errorf("unexpected message of type %d, not %d", got, t)
	}
	return files, nil
}

func (s *stage) exec() error {
	if err := s.placePassed(); err != nil {
		return err
	}
	// This catches any descriptor that was not opened with O_CLOEXEC by mistake.
	if err := unix.CloseRange(uint(firstPassed+s.plan.Passed), ^uint(0), unix.CLOSE_RANGE_CLOEXEC); err != nil {
		return fmt.Errorf("close_range: %w", err)
	}
	limits := make([]inherit.Limit, len(s.plan.Limits))
	for i, l := range s.plan.Limits {
		limits[i] = inherit.Limit(l)
	}
	if err := inherit.SetFiles(limits); err != nil {
		return err
	}
	i := s.plan.Init
	signals.Reset()
	err := syscall.Exec(absolute(i.Path), i.Args, i.Env)
	if _, there := os.Stat(absolute(i.Path)); errors.Is(err, unix.ENOENT) && there == nil {
		err = fmt.Errorf("its interpreter (first line, after #!) or its loader is missing: %w", err)
	}
	return &os.PathError{Op: "execute", Path: i.Path, Err: err}
}

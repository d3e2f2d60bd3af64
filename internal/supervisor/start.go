package supervisor

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/cgroup"
	"github.com/berthd/berth/internal/initproc"
	"github.com/berthd/berth/internal/linux/hostlimit"
	"github.com/berthd/berth/internal/linux/inherit"
	"github.com/berthd/berth/internal/linux/keyring"
	"github.com/berthd/berth/internal/linux/namespace"
	"github.com/berthd/berth/internal/linux/pidfd"
	"github.com/berthd/berth/internal/wire"
)

// start waits for the first message, and does the steps from there to the clone of init. Meanwhile systemd is still
// putting this process into its scope.
func (s *supervisor) start() error {
	m, files, err := s.control.Recv()
	switch {
	case errors.Is(err, io.EOF):
		return errGivenUp // berthd has ended, and did not need this process
	case errors.Is(err, wire.ErrUnreadable):
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
	s.stop = syscall.Signal(prepare.StopSignal)
	s.commands.plan = files[0]
	s.journal = journals{consoles: prepare.Journal, fields: prepare.Fields}
	passed, err := s.receivePassed(prepare.Passed)
	if err != nil {
		return err
	}
	handed := []*os.File{nil, files[0], files[1]} // the init stage's descriptors from 3 on; the sources follow
	s.socket = files[2]
	files = files[3:]
	shared := make([]namespace.Held, len(prepare.Join))
	for i, kind := range prepare.Join {
		shared[i] = namespace.Held{Kind: namespace.Kind(kind), File: files[i]}
		defer func() { _ = files[i].Close() }()
	}
	defer func() {
		for _, f := range handed {
			if f != s.commands.plan {
				_ = f.Close()
			}
		}
	}()
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
		handed = append(handed, tree)
	}
	var theirs *os.File
	if s.initConn, theirs, err = wire.Pair(); err != nil {
		return err
	}
	handed[0] = theirs

	// Init has this keyring until it makes its own. It keeps this one if its user may have no more keys.
	clone := func(files []*os.File) error {
		files = append(slices.Clip(files), passed...)
		return keyring.Apart(func() error { return s.cloneInTime(prepare, files) })
	}
	if len(prepare.UIDs) > 0 {
		own := initproc.FDSources - initproc.FDWire
		err = named(namespace.Apart(shared, func() error { return s.cloneMapped(prepare, clone, handed[:own], handed[own:]) }))
	} else {
		err = named(namespace.Within(shared, func() error { return clone(handed) }))
	}
	if err != nil {
		return err
	}
	if err := s.tell(&wire.Born{PID: s.initPID, Supervisor: uint32(os.Getpid())}); err != nil {
		return err
	}
	s.keepPassed(passed)
	if prepare.ProcView {
		if err := s.serveView(files[len(files)-1], prepare); err != nil {
			return err
		}
	}
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

// place divides the scope into two groups, and moves this process and init to theirs: cgroup v2 allows no
// processes in inner nodes. The moves are cheap because systemd has just moved this process.
func (s *supervisor) place(scope *cgroup.Dir) error {
	own, err := scope.Make(cgroup.Supervisor)
	if err != nil {
		return err
	}
	defer func() { _ = own.Close() }()
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
	if err := own.Enter(uint32(os.Getpid())); err != nil {
		return err
	}
	if sent, err := s.tellInit(&wire.Placed{}); err != nil || !sent {
		return err
	}
	if err := s.tell(&wire.Placed{}); err != nil {
		return err
	}
	// Init is executed only after all this: berthd's leave comes as a message that follows.
	if err := scope.PassControllersOn(); err != nil {
		return err
	}
	if err := scope.LimitDepth(); err != nil {
		return err
	}
	return own.Protect()
}

func (s *supervisor) clone(p *wire.Prepare, handed []*os.File) error {
	fds := []uintptr{0, 1, 2}
	for _, f := range handed {
		fds = append(fds, f.Fd())
	}
	sys := &syscall.SysProcAttr{
		Cloneflags: uintptr(p.CloneFlags),
		PidFD:      new(int),
	}
	if len(p.UIDs) > 0 {
		sys.UidMappings, sys.GidMappings = mappings(p.UIDs), mappings(p.GIDs)
		// Init systems call setgroups(2). Root writes the maps, so it may allow that (user_namespaces(7)).
		sys.GidMappingsEnableSetgroups = true
		sys.Credential = &syscall.Credential{}
	}
	pid, err := syscall.ForkExec("/proc/self/exe", []string{initproc.Name}, &syscall.ProcAttr{
		// One processor is enough for the init stage, and the stage lives too briefly to collect garbage.
		Env:   []string{"GOMAXPROCS=1", "GOGC=off"},
		Files: fds,
		Sys:   sys,
	})
	runtime.KeepAlive(handed)
	if err != nil {
		return fmt.Errorf("clone init: %w", hostlimit.Clone(p.CloneFlags, err))
	}
	s.initPID = uint32(pid)
	s.init, err = pidfd.FromClone(*sys.PidFD)
	return err
}

func mappings(list []wire.IDRange) []syscall.SysProcIDMap {
	out := make([]syscall.SysProcIDMap, len(list))
	for i, r := range list {
		out[i] = syscall.SysProcIDMap{ContainerID: int(r.Inside), HostID: int(r.Outside), Size: int(r.Count)}
	}
	return out
}

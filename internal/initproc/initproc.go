package initproc

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/born"
	"github.com/berthd/berth/internal/linux/hostlimit"
	"github.com/berthd/berth/internal/linux/inroot"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/wire"
)

// The child's descriptors that are the same for each container. 0 to 2 are the supervisor's. The sources are FDSources
// and the numbers after it, without a user namespace. Then come the view of /proc, if there is one, and those that init
// is passed.
const (
	FDBare    = 3 + iota // the mount namespace of mount.Bare
	FDSources            // the first
)

// Name is how the child calls itself (proc_pid_comm(5)) until it executes init.
const Name = "berth-init"

// Supervisor is what the stage needs of the process around it.
type Supervisor interface {
	// AwaitMapped returns when the trees of the sources are on mount.Shelf. It is for a container with a user
	// namespace.
	AwaitMapped() error
	// AwaitPlaced returns when init is in its control group.
	AwaitPlaced() error
	// Opened takes the consoles (master and terminal end of each, in turn), and the socket on which init says that it
	// is ready. The latter is nil if the plan has none.
	Opened(consoles []*os.File, notify *os.File) error
	// AwaitContinue says that only the exec is left, and returns when it is allowed.
	AwaitContinue() error
}

// Stage is the stage of one container. It is used once.
type Stage struct {
	Plan       *plan.Plan
	Worker     *born.Worker
	Supervisor Supervisor
	// Directories says of each source whether it is one.
	Directories []bool
	// IsDirectory says whether a path of the host's /proc or /sys is one.
	IsDirectory func(path string) bool
	Permitted   uint64 // the capabilities that the child has. With a user namespace it has all.

	at      string // the step
	sources []tree
	fresh   map[*plan.Mount]tree // new file systems that are not attached yet
	view    map[string]tree      // the files of the container's view of /proc, by name
	nodes   map[*plan.Mount]tree // those of host devices, in a user namespace
	root    tree
	below   tree            // what is below the root
	tmpfs   map[string]tree // by the path on which they are attached
	parent  parent          // the directory that was opened last
	devpts  tree            // the container's own devpts
	console []born.Arg      // both ends of each
	notice  []born.Arg      // the socket on which init says that it is ready
	top     *os.File        // root, for this process
	user    credentials

	// Of the list in the making.
	attached []attachment
	numbers  [][]byte // of the terminals
	rootRoom []byte   // root's struct statx
	created  born.Ref // the last mount point that was created

	rootStat unix.Statx_t
	numbered int // how many terminals have been
}

// Run carries out the plan and executes init. It returns ErrOver of package born if that has succeeded, or the child
// has ended, and otherwise a *wire.Failed.
func (s *Stage) Run() error {
	defer func() { _ = s.top.Close() }()
	s.Worker.Owner = s
	for _, step := range []struct {
		stage string
		run   func() error
	}{
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
		{"exec", s.exec},
	} {
		s.at = step.stage
		if err := step.run(); err != nil {
			return s.failed(err)
		}
	}
	return s.failed(s.Worker.Run())
}

// failed returns what is told of an error.
func (s *Stage) failed(err error) error {
	if err == nil || errors.Is(err, born.ErrOver) {
		return err
	}
	failed := &wire.Failed{Stage: s.at}
	if known, ok := errors.AsType[*stageError](err); ok {
		failed.Stage = known.stage
	}
	if call, ok := errors.AsType[*born.Failure](err); ok {
		failed.Stage = call.Stage
		err = s.explain(call)
	}
	err = hostlimit.Explain(hostlimit.Any, err)
	failed.Text = err.Error()
	_ = errors.As(err, &failed.Number)
	return failed
}

// ownMounts makes the container's mount namespace. It has nothing of the host but an empty directory.
//
// With a user namespace it waits until the supervisor has mapped the owners in the sources and has attached them,
// in a mount namespace of the host's user namespace. It makes the container's own as a copy of that: only
// in the copy does the kernel lock the mounts and their flags (mount_namespaces(7)).
func (s *Stage) ownMounts() error {
	s.shield()
	s.label()
	if !s.Plan.Namespaces.User {
		s.do("setns", "the bare mount namespace", unix.SYS_SETNS, born.Int(FDBare), born.Int(unix.CLONE_NEWNS))
		s.do("unshare", "the mount namespace", unix.SYS_UNSHARE, born.Int(unix.CLONE_NEWNS))
		for i, src := range s.Plan.Sources {
			s.sources = append(s.sources, tree{fd: born.Int(FDSources + i), name: src.Path, kind: s.kindOf(i)})
		}
		return nil
	}
	if err := s.Worker.Run(); err != nil {
		return err
	}
	if err := s.Supervisor.AwaitMapped(); err != nil {
		return err
	}
	s.become(credentials{})
	s.do("unshare", "the mount namespace", unix.SYS_UNSHARE, born.Int(unix.CLONE_NEWNS))
	s.makePrivate()
	for i, src := range s.Plan.Sources {
		if src.Kind == plan.SourceNodes {
			s.takeNodes(i)
			s.sources = append(s.sources, tree{})
			continue
		}
		s.sources = append(s.sources, s.take(i, src.Path))
	}
	return nil
}

func (s *Stage) kindOf(source int) kind {
	if s.Directories[source] {
		return directory
	}
	return file
}

// undumpable keeps every process, in any user namespace, from reading the memory or the descriptors of the child.
func (s *Stage) undumpable() {
	s.do("prctl", "PR_SET_DUMPABLE", unix.SYS_PRCTL, born.Int(unix.PR_SET_DUMPABLE), born.Int(0), born.Int(0), born.Int(0), born.Int(0))
}

// shield is what the child does first.
func (s *Stage) shield() {
	s.undumpable()
	s.do("prctl", "PR_SET_NAME", unix.SYS_PRCTL, born.Int(unix.PR_SET_NAME), born.Text(Name))
	s.do("umask", "", unix.SYS_UMASK, born.Int(0))
}

// enterGroup waits until the supervisor has moved the child into its control group. That becomes the root of a
// new cgroup namespace, and is mounted.
func (s *Stage) enterGroup() error {
	if err := s.Worker.Run(); err != nil {
		return err
	}
	if err := s.Supervisor.AwaitPlaced(); err != nil {
		return err
	}
	if s.Plan.Namespaces.Cgroup {
		s.do("unshare", "the cgroup namespace", unix.SYS_UNSHARE, born.Int(unix.CLONE_NEWCGROUP))
	}
	return s.mountAll([]plan.Mount{s.Plan.Cgroup})
}

// ready tells the supervisor that all is prepared, and waits until init may be executed.
func (s *Stage) ready() error {
	if err := s.Worker.Run(); err != nil {
		return err
	}
	return s.Supervisor.AwaitContinue()
}

// inside is the container's root, as this process sees it.
func (s *Stage) inside() inroot.Root { return inroot.New(s.top) }

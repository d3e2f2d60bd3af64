package supervisor

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/initproc"
	"github.com/berthd/berth/internal/linux/born"
	"github.com/berthd/berth/internal/linux/caps"
	"github.com/berthd/berth/internal/linux/hostlimit"
	"github.com/berthd/berth/internal/linux/mount"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/wire"
)

// stage is the init stage (package initproc), a goroutine of its own. What it waits for are channels that are closed.
// The goroutine of run does that, by reach.
type stage struct {
	events                  chan<- event
	mapped, placed, allowed chan struct{}
	over                    chan struct{} // the child has ended: the stage waits for nothing more
}

// staged is an event of the init stage. Exactly one of opened, ready and err is set.
type staged struct {
	opened   bool
	consoles []*os.File // with opened
	notify   *os.File   // with opened; nil if init says nothing
	ready    bool       // only the exec is left
	err      error      // it has failed; born.ErrOver if the child has executed init or has ended
}

func (g *stage) AwaitMapped() error {
	return g.await(g.mapped)
}

func (g *stage) AwaitPlaced() error {
	return g.await(g.placed)
}

func (g *stage) Opened(consoles []*os.File, notify *os.File) error {
	g.events <- event{stage: &staged{opened: true, consoles: consoles, notify: notify}}
	return nil
}

func (g *stage) AwaitContinue() error {
	g.events <- event{stage: &staged{ready: true}}
	return g.await(g.allowed)
}

func (g *stage) await(what <-chan struct{}) error {
	select {
	case <-what:
		return nil
	case <-g.over:
		return born.ErrOver
	}
}

// reach lets the stage go on that waits for a channel. A second time it does nothing.
func reach(what chan struct{}) {
	select {
	case <-what:
	default:
		close(what)
	}
}

// clone creates the child that becomes init, and begins the init stage.
func (s *supervisor) clone(p *wire.Prepare, files, sources []*os.File) error {
	steps, size, err := readPlan(s.commands.rights.plan)
	if err != nil {
		return err
	}
	s.label = steps.Label
	directories := make([]bool, len(sources))
	for i, tree := range sources {
		if directories[i], err = mount.IsDir(tree); err != nil {
			return err
		}
	}
	permitted, err := caps.Permitted()
	if err != nil {
		return err
	}
	b := born.Birth{Flags: p.CloneFlags, Files: files, Shared: guarded()}
	w, err := b.Worker(size)
	if errors.Is(err, unix.EINVAL) {
		// Some kernels want no child with another time namespace to share the memory.
		b.Shared = false
		w, err = b.Worker(size)
	}
	if err == nil {
		s.initPID, s.init = uint32(w.PID), w.Process
		err = writeMaps(w.PID, p)
	}
	if err != nil {
		return fmt.Errorf("clone init: %w", hostlimit.Clone(p.CloneFlags, errnoOf(err)))
	}
	s.stage = &stage{events: s.events, mapped: make(chan struct{}), placed: make(chan struct{}), allowed: make(chan struct{}), over: make(chan struct{})}
	run := initproc.Stage{Plan: steps, Worker: w, Supervisor: s.stage, Directories: directories, IsDirectory: hostHasDirectory, Permitted: permitted}
	go func() {
		defer w.Close()
		s.events <- event{stage: &staged{err: run.Run()}}
	}()
	return nil
}

// guarded reports whether a process cannot be traced by others of its user when its ids have changed. On a host that is
// set to debug such processes (fs.suid_dumpable, proc_sys_fs(5)), that would be so for a moment.
func guarded() bool {
	text, err := os.ReadFile("/proc/sys/fs/suid_dumpable")
	return err == nil && strings.TrimSpace(string(text)) != "1"
}

// hostHasDirectory reports whether a path of the host is a directory.
func hostHasDirectory(path string) bool {
	var st unix.Stat_t
	return unix.Lstat(path, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR
}

// readPlan returns the plan in a file, and the size of its text.
func readPlan(f *os.File) (*plan.Plan, int, error) {
	info, err := f.Stat()
	if err != nil || info.Size() > wire.MaxPlan {
		return nil, 0, errors.Join(errors.New("the plan is too large"), err)
	}
	text := make([]byte, info.Size())
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, info.Size()), text); err != nil {
		return nil, 0, fmt.Errorf("read plan: %w", err)
	}
	p, err := plan.Unpack(text)
	return p, len(text), err
}

// writeMaps writes the id maps of a child's user namespace (user_namespaces(7)), if it has one. Init systems call
// setgroups(2), which the kernel allows if root has written the maps.
func writeMaps(pid int, p *wire.Prepare) error {
	if len(p.UIDs) == 0 {
		return nil
	}
	dir := "/proc/" + strconv.Itoa(pid) + "/"
	return errors.Join(writeMap(dir+"uid_map", p.UIDs), writeMap(dir+"gid_map", p.GIDs))
}

func writeMap(name string, list []wire.IDRange) error {
	var text strings.Builder
	for _, r := range list {
		fmt.Fprintln(&text, r.Inside, r.Outside, r.Count)
	}
	fd, err := unix.Open(name, unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: name, Err: err}
	}
	defer func() { _ = unix.Close(fd) }()
	if _, err := unix.Write(fd, []byte(text.String())); err != nil {
		return &os.PathError{Op: "write", Path: name, Err: err}
	}
	return nil
}

// fromStage handles an event of the init stage.
func (s *supervisor) fromStage(e *staged) error {
	switch {
	case e.opened:
		if e.notify != nil {
			go s.hearInit(e.notify)
		}
		return s.addConsoles(e.consoles)
	case e.ready:
		s.ready = true
		return nil
	case !errors.Is(e.err, born.ErrOver):
		return e.err
	}
	s.stage = nil
	if !s.ready || !s.allowed {
		return s.initDied()
	}
	if s.dying() { // execve(2) may have failed late, when it cannot say so
		if err := s.outOfMemory(); err != nil {
			return err
		}
	}
	if err := s.checkLabel(); err != nil {
		return err
	}
	return s.executed()
}

// errnoOf returns what the kernel has said, or err if it is not the kernel's.
func errnoOf(err error) error {
	if n, ok := errors.AsType[syscall.Errno](err); ok {
		return n
	}
	return err
}

package launch

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/hostlimit"
	"github.com/berthd/berth/internal/linux/inherit"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/wire"
	"github.com/berthd/berth/service"
)

// Supervisors starts and finds supervisors.
type Supervisors struct {
	program *os.File // sealed
	null    *os.File
	bare    bare
	spare   spare
	images  Images

	forker   *forker // nil: the daemon's own threads fork
	settings []inherit.Setting
}

// Images mounts block devices and image files.
type Images interface {
	// Mount mounts the block devices and images among the sources, in their order. The mounts are attached
	// nowhere. Their files get a security label if it is not empty.
	Mount(ctx context.Context, container, slice, runDir, label string, sources []plan.Source) ([]*os.File, error)
	// StopOrphans ends the image servers of a run whose daemon died while it mounted the images.
	StopOrphans(runDir string)
}

// New seals a copy of the supervisor's program. It returns an error if the program cannot be read, or the
// host forbids executable memory files.
func New(program string, images Images) (*Supervisors, error) {
	p, err := immutable(program)
	if err != nil {
		return nil, fmt.Errorf("supervisor: %w", err)
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		_ = p.Close()
		return nil, err
	}
	return &Supervisors{program: p, null: null, images: images}, nil
}

// Wire returns the version of the protocol that new supervisors speak.
func (*Supervisors) Wire() int { return wire.Version }

// begun is a supervisor that may not have its order yet.
type begun struct {
	*Process
	supervisors *Supervisors
	dir         string
	listener    *os.File   // nil once the supervisor has it
	held        []*os.File // for the supervisor to hold
	names       []string   // of each
}

// Begin gives a run a supervisor: the spare one, or a new one. It is in the daemon's control group for now, and waits
// for Prepare. Its log goes to the daemon's standard error.
func (s *Supervisors) Begin(runDir string) (service.Starting, error) {
	listener, err := listen(filepath.Join(runDir, wire.SocketFile))
	if err != nil {
		return nil, err
	}
	proc := s.spare.take()
	for proc != nil && proc.isOver() { // somebody has killed it
		_ = proc.Close()
		proc = s.spare.take()
	}
	if proc == nil {
		if proc, err = s.fork(); err != nil {
			_ = listener.Close()
			return nil, err
		}
	}
	go s.replace(proc)
	return &begun{Process: proc, supervisors: s, dir: runDir, listener: listener}, nil
}

// Prepare sends the supervisor the plan, and the namespaces of p.Join and the descriptors for init, which the caller
// still has to close. It returns ctx's error if a device or image does not answer before ctx ends.
func (b *begun) Prepare(ctx context.Context, name, slice string, p *plan.Plan, shared, passed []*os.File) error {
	planFile, err := file(p)
	if err != nil {
		return err
	}
	defer func() { _ = planFile.Close() }()
	images, err := b.supervisors.images.Mount(ctx, name, slice, b.dir, p.Label.Files, p.Sources)
	if err != nil {
		return err
	}
	defer func() { closeAll(images) }()
	if images, err = withSysfs(images, p, shared); err != nil {
		return err
	}
	view, err := views(p)
	if err != nil {
		return err
	}
	defer closeAll(view) // from then on the supervisor alone holds the FUSE connection
	bare, err := b.supervisors.bare.get()
	if err != nil {
		return err
	}
	message := prepare(p, b.supervisors.settings)
	message.Name, message.Dir, message.Held, message.HeldNames = name, b.dir, uint32(len(b.held)), b.names
	apart, err := sourcesFile(message)
	if err != nil {
		return err
	}
	defer closeAll(apart)
	if err := b.conn.Send(message, slices.Concat([]*os.File{planFile, bare, b.listener}, shared, images, view, b.held, apart)...); err != nil {
		return b.giveUp(err)
	}
	b.shut()
	return b.pass(passed)
}

// HangUp tells a supervisor that its start is given up. Its messages are still received.
func (b *begun) HangUp() {
	b.shut()
	b.Process.HangUp()
}

// Hold has the supervisor hold a descriptor under a name as long as it lives, from Prepare on. The descriptor is
// begun's from now on.
func (b *begun) Hold(name string, f *os.File) {
	b.held, b.names = append(b.held, f), append(b.names, name)
}

// shut closes the daemon's copies of the socket by which a later daemon finds the supervisor, and of what that holds.
func (b *begun) shut() {
	closeAll(b.held)
	b.held = nil
	if b.listener != nil {
		_ = b.listener.Close()
		b.listener = nil
	}
}

// giveUp ends a supervisor that could not be sent something, and returns the cause.
func (p *Process) giveUp(err error) error {
	_ = p.Kill()
	<-p.Done()
	if cause := p.Failure(); cause != nil { // it ended because of this, and so did the connection
		return cause
	}
	return err
}

// fork starts a supervisor that waits for its container. It ends when berthd does, until it has one.
func (s *Supervisors) fork() (*Process, error) {
	conn, theirs, err := wire.Pair()
	if err != nil {
		return nil, err
	}
	proc, err := s.exec(theirs)
	_ = theirs.Close() // at once: the supervisor's end is not seen while this copy is open
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	proc.conn = conn
	go proc.read()
	return proc, nil
}

func (s *Supervisors) exec(socket *os.File) (*Process, error) {
	// The program is one of Files: ForkExec may overwrite any descriptor with a higher number than these.
	attr := &syscall.ProcAttr{
		Dir: "/",
		// The supervisor nearly always waits: one processor is enough, and keeps it small. The garbage collector
		// starts at 0.8 MB instead of 4 MB, after the start. Go's runtime must not send itself SIGURG, which is
		// wire.StopOrder.
		Env:   []string{"GOMAXPROCS=1", "GOGC=20", "GODEBUG=asyncpreemptoff=1"},
		Files: []uintptr{s.null.Fd(), 2, 2, socket.Fd(), s.program.Fd()},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	}
	var pid int
	var err error
	fork := func() {
		pid, err = syscall.ForkExec("/proc/self/fd/"+strconv.Itoa(wire.FDProgram), []string{"berth-supervisor", spareName()}, attr)
	}
	if s.forker != nil {
		s.forker.do(fork)
	} else {
		fork()
	}
	runtime.KeepAlive(socket)
	if err != nil {
		return nil, fmt.Errorf("start supervisor: %w", hostlimit.Explain(hostlimit.Fork, err))
	}
	return newProcess(uint32(pid)), nil
}

// prepare returns the supervisor's own part of the plan.
func prepare(p *plan.Plan, settings []inherit.Setting) *wire.Prepare {
	m := &wire.Prepare{
		Version:    wire.Version,
		CloneFlags: cloneFlags(p.Namespaces),
		UIDs:       ranges(p.UIDs),
		GIDs:       ranges(p.GIDs),
		ProcView:   p.ProcView,
		StopSignal: p.StopSignal,
		Hold:       p.Hold,
		Journal:    p.Journal.Consoles,
		Fields:     p.Journal.Fields,
		Passed:     uint32(p.Passed),
		FileLabel:  p.Label.Files,
	}
	for i, src := range p.Sources {
		m.Sources = append(m.Sources, wire.Source{
			Path: src.Path, Recursive: src.Recursive, IDMapped: src.IDMapped, ReadOnly: src.ReadOnly,
			Supplied: src.Kind != plan.SourceTree,
		})
		for _, path := range src.Hide {
			if p.Namespaces.User {
				m.Hide = append(m.Hide, wire.Hidden{Source: uint32(i), Path: path})
			}
		}
	}
	for _, j := range p.Join {
		m.Join = append(m.Join, j.Kind)
	}
	for _, l := range p.Limits {
		m.Limits = append(m.Limits, wire.Limit(l))
	}
	for _, s := range settings {
		m.Settings = append(m.Settings, wire.Setting(s))
	}
	return m
}

func ranges(list []plan.IDRange) []wire.IDRange {
	out := make([]wire.IDRange, len(list))
	for i, r := range list {
		out[i] = wire.IDRange(r)
	}
	return out
}

// cloneFlags returns the flags for the clone of init. They leave the cgroup namespace out: init makes that
// itself when it is in its group. The mount namespace init makes itself, too (initproc, ownMounts).
func cloneFlags(n plan.Namespaces) uint64 {
	flags := uint64(unix.CLONE_NEWPID)
	for _, kind := range []struct {
		on   bool
		flag uint64
	}{
		{n.IPC, unix.CLONE_NEWIPC},
		{n.UTS, unix.CLONE_NEWUTS},
		{n.Net, unix.CLONE_NEWNET},
		{n.User, unix.CLONE_NEWUSER},
	} {
		if kind.on {
			flags |= kind.flag
		}
	}
	return flags
}

// file writes the plan into a sealed file. It returns an error if the plan is larger than wire.MaxPlan.
func file(p *plan.Plan) (*os.File, error) { return sealed("plan", p.Pack()) }

// sourcesFile returns a sealed file with the sources, and takes them out of the message, if they are too large
// for it.
func sourcesFile(m *wire.Prepare) ([]*os.File, error) {
	packed := m.TakeApart()
	if packed == nil {
		return nil, nil
	}
	f, err := sealed("sources", packed)
	if err != nil {
		return nil, err
	}
	return []*os.File{f}, nil
}

// sealed writes a text into a sealed file in memory.
func sealed(what string, text []byte) (*os.File, error) {
	if len(text) > wire.MaxPlan {
		return nil, fmt.Errorf("%s: it has %d bytes; the limit is %d", what, len(text), wire.MaxPlan)
	}
	f, err := memory("berth-"+what, 0)
	if err != nil {
		return nil, err
	}
	if _, err = f.Write(text); err == nil {
		err = seal(f)
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return f, nil
}

// listen makes the socket by which a restarted daemon finds the supervisor.
func listen(path string) (*os.File, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("socket: %w", err)
	}
	f := os.NewFile(uintptr(fd), path)
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("bind %s: %w", path, err)
	}
	if err := unix.Listen(fd, 4); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("listen %s: %w", path, err)
	}
	return f, nil
}

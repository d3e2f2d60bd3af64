package launch

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/mount"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/wire"
	"github.com/berthd/berth/service"
)

// Supervisors starts and finds supervisors.
type Supervisors struct {
	program *os.File // on a read-only mount of its own
	null    *os.File
}

// New takes the supervisor's program from a path of the host.
func New(program string) (*Supervisors, error) {
	at, err := os.OpenFile(program, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("supervisor: %w", err)
	}
	defer func() { _ = at.Close() }()
	m, err := mount.Clone(at, mount.One)
	if err != nil {
		return nil, fmt.Errorf("supervisor: %w", err)
	}
	if err := mount.SetAttr(m, mount.ReadOnly, mount.One); err != nil {
		_ = m.Close()
		return nil, fmt.Errorf("supervisor: %w", err)
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		_ = m.Close()
		return nil, err
	}
	return &Supervisors{program: m, null: null}, nil
}

// Spawn starts the supervisor of one container, in the daemon's control group for now, and gives it
// the plan. Its messages go to the daemon's standard error.
func (s *Supervisors) Spawn(name, runDir string, p *plan.Plan) (service.Supervisor, error) {
	planFile, err := seal(p)
	if err != nil {
		return nil, err
	}
	defer func() { _ = planFile.Close() }()
	listener, err := listen(filepath.Join(runDir, wire.SocketFile))
	if err != nil {
		return nil, err
	}
	defer func() { _ = listener.Close() }()
	conn, theirs, err := wire.Pair()
	if err != nil {
		return nil, err
	}
	defer func() { _ = theirs.Close() }()

	proc, err := s.fork(name, runDir, theirs, listener)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	proc.conn = conn
	go proc.read()
	if err := conn.Send(prepare(p), planFile); err != nil {
		_ = proc.Kill()
		<-proc.Done()
		return nil, err
	}
	return proc, nil
}

func (s *Supervisors) fork(name, runDir string, socket, listener *os.File) (*Process, error) {
	pid, err := syscall.ForkExec("/proc/self/fd/"+strconv.Itoa(int(s.program.Fd())), []string{"berth-supervisor", name}, &syscall.ProcAttr{
		Dir: runDir,
		// One processor's worth of threads keeps it small: it waits nearly all the time.
		Env:   []string{"GOMAXPROCS=1"},
		Files: []uintptr{s.null.Fd(), 2, 2, socket.Fd(), listener.Fd()},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	runtime.KeepAlive(socket)
	runtime.KeepAlive(listener)
	if err != nil {
		return nil, fmt.Errorf("start supervisor: %w", err)
	}
	return newProcess(uint32(pid)), nil
}

// prepare is the supervisor's own part of the plan.
func prepare(p *plan.Plan) *wire.Prepare {
	m := &wire.Prepare{
		CloneFlags: cloneFlags(p.Namespaces),
		UIDs:       ranges(p.UIDs),
		GIDs:       ranges(p.GIDs),
		Consoles:   uint32(p.Consoles),
	}
	for _, src := range p.Sources {
		m.Sources = append(m.Sources, wire.Source(src))
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

// cloneFlags leaves the cgroup namespace out: init makes its own, once it is in its group.
func cloneFlags(n plan.Namespaces) uint64 {
	flags := uint64(unix.CLONE_NEWPID | unix.CLONE_NEWNS)
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

// seal puts the plan into a file that nobody can change any more.
func seal(p *plan.Plan) (*os.File, error) {
	fd, err := unix.MemfdCreate("berth-plan", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("memfd_create: %w", err)
	}
	f := os.NewFile(uintptr(fd), "plan")
	if _, err := f.Write(p.Pack()); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("plan: %w", err)
	}
	const seals = unix.F_SEAL_WRITE | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_SEAL
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("seal plan: %w", err)
	}
	return f, nil
}

// listen makes the socket that a restarted daemon will find the supervisor by.
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

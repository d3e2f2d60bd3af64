package supervisor

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/cgroup"
	"github.com/berthd/berth/internal/initproc"
	"github.com/berthd/berth/internal/linux/keyring"
	"github.com/berthd/berth/internal/linux/mount"
	"github.com/berthd/berth/internal/linux/namespace"
	"github.com/berthd/berth/internal/linux/pidfd"
	"github.com/berthd/berth/internal/wire"
)

// start goes from the first message to init's birth, while systemd is still putting this process
// into its scope.
func (s *supervisor) start() error {
	m, files, err := s.control.Recv()
	if errors.Is(err, wire.ErrUnreadable) {
		return fmt.Errorf("%w: %w", errOtherRelease, err)
	}
	if err != nil {
		return err
	}
	prepare, err := expected(m, len(files))
	if err != nil {
		return err
	}
	s.stop = syscall.Signal(prepare.StopSignal)
	shared := make([]namespace.Held, len(prepare.Join))
	for i, kind := range prepare.Join {
		shared[i] = namespace.Held{Kind: namespace.Kind(kind), File: files[1+i]}
		defer func() { _ = files[1+i].Close() }()
	}
	handed := []*os.File{nil, files[0]} // the init stage's 3 and 4; its sources follow
	defer func() {
		for _, f := range handed {
			_ = f.Close()
		}
	}()
	trees := files[1+len(prepare.Join):]
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

	// Init has this keyring until it makes its own, and keeps it if its user may have no more keys.
	born := func() error { return keyring.Apart(func() error { return s.clone(prepare, handed) }) }
	if err := within(shared, born); err != nil {
		return err
	}
	if len(prepare.UIDs) > 0 {
		if err := s.mapOwners(prepare.Sources, handed[initproc.FDSources-initproc.FDWire:]); err != nil {
			return err
		}
		s.mapped, s.uid, s.gid = true, int(prepare.UIDs[0].Outside), int(prepare.GIDs[0].Outside)
	}
	if err := s.tell(&wire.Born{PID: s.initPID, Supervisor: uint32(os.Getpid())}); err != nil || !prepare.ProcView {
		return err
	}
	return s.serveView(files[len(files)-1], prepare)
}

// errOtherRelease refuses a start by a berthd that runs on while its supervisors were replaced.
var errOtherRelease = errors.New("berthd is of another release than its supervisor, restart berthd")

// expected checks the first message: that it is of our version, and has the descriptors that it says.
func expected(m wire.Message, files int) (*wire.Prepare, error) {
	prepare, ok := m.(*wire.Prepare)
	if !ok {
		return nil, fmt.Errorf("unexpected message %T", m)
	}
	if prepare.Version != wire.Version {
		return nil, fmt.Errorf("%w: it speaks version %d of the protocol, the supervisor version %d", errOtherRelease, prepare.Version, wire.Version)
	}
	want := 1 + len(prepare.Join)
	for _, src := range prepare.Sources {
		if src.Supplied {
			want++
		}
	}
	if prepare.ProcView {
		want++
	}
	if files != want {
		return nil, fmt.Errorf("%d descriptors came with the plan, not %d", files, want)
	}
	return prepare, nil
}

// within is namespace.Within, whose own error names the element that asks for the namespace.
func within(shared []namespace.Held, f func() error) error {
	err := namespace.Within(shared, f)
	if refused, ok := errors.AsType[*namespace.EnterError](err); ok {
		return &wire.Failed{Stage: "namespaces", Text: fmt.Sprintf("lxc:share%s: %v", refused.Kind, err), Number: errno(err)}
	}
	return err
}

// setName gives ps and top a name: it was executed by descriptor, and would be called by its number.
func setName() {
	name := [16]byte{}
	copy(name[:15], "berth-supervisor")
	_ = unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(&name[0])), 0, 0, 0)
}

// mapOwners maps the owners in the sources' trees by init's user namespace, while they are attached
// nowhere yet: nothing on disk is changed.
func (s *supervisor) mapOwners(sources []wire.Source, trees []*os.File) error {
	userns, err := os.Open("/proc/" + strconv.FormatUint(uint64(s.initPID), 10) + "/ns/user")
	if err != nil {
		return err
	}
	defer func() { _ = userns.Close() }()
	for i, src := range sources {
		if !src.IDMapped {
			continue
		}
		depth := mount.One
		if src.Recursive {
			depth = mount.Tree
		}
		err := mount.IDMap(trees[i], userns, depth)
		if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.EPERM) {
			err = fmt.Errorf("its file system, or one mounted below, cannot map owners, which a container with an <idmap> needs: %w", err)
		}
		if err != nil {
			return &wire.Failed{Stage: "sources", Text: src.Path + ": " + err.Error(), Number: errno(err)}
		}
	}
	_, err = s.tellInit(&wire.Mapped{})
	return err
}

// openSource takes the next tree that was made for us, or opens a host path once, by descriptor, and
// clones what is mounted there.
func openSource(src wire.Source, kind int, made *[]*os.File) (*os.File, error) {
	if src.Supplied {
		tree := (*made)[0]
		*made = (*made)[1:]
		return tree, nil
	}
	at, err := os.OpenFile(src.Path, unix.O_PATH|unix.O_CLOEXEC|kind, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = at.Close() }()
	depth := mount.One
	if src.Recursive {
		depth = mount.Tree
	}
	tree, err := mount.Clone(at, depth)
	if err != nil {
		return nil, err
	}
	if src.ReadOnly {
		if err := mount.SetAttr(tree, mount.ReadOnly, depth); err != nil {
			_ = tree.Close()
			return nil, err
		}
	}
	return tree, nil
}

// place divides the scope, since cgroup v2 has no processes in inner nodes, and moves this process
// and init to their parts. Systemd has just moved one, so these moves are cheap.
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
	if err := scope.PassControllersOn(); err != nil {
		return err
	}
	if sent, err := s.tellInit(&wire.Placed{}); err != nil || !sent {
		return err
	}
	return s.tell(&wire.Placed{})
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
		// Init systems call setgroups(2), and it is ours to allow: the maps are written by root.
		sys.GidMappingsEnableSetgroups = true
		sys.Credential = &syscall.Credential{}
	}
	pid, err := syscall.ForkExec("/proc/self/exe", []string{initproc.Name}, &syscall.ProcAttr{
		// One thread is enough for the stage, and it lives too briefly to collect garbage.
		Env:   []string{"GOMAXPROCS=1", "GOGC=off"},
		Files: fds,
		Sys:   sys,
	})
	runtime.KeepAlive(handed)
	if err != nil {
		return fmt.Errorf("clone init: %w", err)
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

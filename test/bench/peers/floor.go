package peers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/linux/mount"
	"github.com/berthd/berth/internal/planner"
	"github.com/berthd/berth/machined"
	"github.com/berthd/berth/test/bench/newborn"
	"github.com/berthd/berth/units"
)

// floor is no container manager. It does what a start of a registered container cannot do without, and nothing else:
// one child, born by raw calls, mounts its file systems while systemd makes a scope like that of berth. It makes
// its control group namespace while machined registers it. Then it executes init. Nothing is saved, no supervisor is
// between, no right is given up, and there is no terminal.
type floor struct {
	roots    Roots
	conn     *dbus.Conn
	scopes   *units.Client
	machines *machined.Client
	null     *os.File
	bare     *os.File // a mount namespace with nothing of the host in it
	running  []*floored
	plan     []units.Scope // the scope of each container, without its process
}

// floored is one running container.
type floored struct {
	child *newborn.Process
	init  *os.File // pidfd, once a command needed it
	group *os.File // the directory of its control group, likewise
}

func (f *floor) Prepare(ctx context.Context, count int) (About, error) {
	about := About{
		Version: "Linux", Foreground: true,
		Note: "no manager: raw clone, mounts while systemd makes the scope, registration, execve; stop is SIGKILL, StopUnit and UnregisterMachine; raw exec",
	}
	var err error
	if f.conn, err = dbus.ConnectSystemBus(dbus.WithSignalHandler(dbus.NewSequentialSignalHandler())); err != nil {
		return about, fmt.Errorf("connect to the system bus: %w", err)
	}
	if f.scopes, err = units.New(ctx, f.conn, busPeer{f.conn, units.BusName}); err != nil {
		return about, err
	}
	f.machines = machined.New(busPeer{f.conn, machined.BusName})
	if f.null, err = os.OpenFile(os.DevNull, os.O_RDWR, 0); err != nil {
		return about, err
	}
	if f.bare, err = bareNamespace(); err != nil {
		return about, err
	}
	f.running = make([]*floored, count)
	for id := range count {
		scope, err := scopeOf(name(id), f.roots.Root(id))
		if err != nil {
			return about, err
		}
		f.plan = append(f.plan, scope)
	}
	return about, nil
}

// bareNamespace calls mount.Bare on a thread that ends.
func bareNamespace() (ns *os.File, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // without an unlock: the thread ends with the goroutine
		ns, err = mount.Bare()
	}()
	<-done
	return ns, err
}

// scopeOf returns the scope that berth would make for a container.
func scopeOf(name, root string) (units.Scope, error) {
	def, err := domain.Parse([]byte(domainXML(name, root, "", "")))
	if err != nil {
		return units.Scope{}, err
	}
	return units.Scope{
		Name: units.ScopeName(name), Description: "Container " + name, Slice: units.SliceName(""),
		StopTimeout: 90 * time.Second, KillSignal: syscall.SIGURG,
		Scope: planner.Scope(def),
	}, nil
}

// Start returns when init may be executed.
func (f *floor) Start(ctx context.Context, id int) error {
	child, leave, err := f.bear(id)
	if err != nil {
		return err
	}
	defer leave.Close()
	if err := f.admit(ctx, id, child.PID, leave); err != nil {
		return errors.Join(err, f.end(context.WithoutCancel(ctx), id, child))
	}
	f.running[id] = &floored{child: child}
	return nil
}

// admit puts the child into a scope, registers it, and lets it go on after each.
func (f *floor) admit(ctx context.Context, id, pid int, leave *os.File) error {
	scope := f.plan[id]
	scope.PID = uint32(pid)
	if _, err := f.scopes.Start(ctx, scope); err != nil {
		return err
	}
	if _, err := leave.Write([]byte{0}); err != nil {
		return err
	}
	machine := machined.Machine{Name: name(id), ID: machineID(id), Leader: scope.PID, Root: f.roots.Root(id)}
	if err := f.machines.Register(ctx, machine); err != nil {
		return err
	}
	_, err := leave.Write([]byte{0})
	return err
}

// bear creates the child. It waits twice for a byte from the pipe that bear returns.
func (f *floor) bear(id int) (*newborn.Process, *os.File, error) {
	dir, err := os.OpenFile(f.roots.Root(id), unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, nil, err
	}
	defer dir.Close()
	tree, err := mount.Clone(dir, mount.One)
	if err != nil {
		return nil, nil, err
	}
	defer tree.Close()
	wait, leave, err := blockingPipe()
	if err != nil {
		return nil, nil, err
	}
	defer wait.Close()
	fd := handed{null: int(f.null.Fd()), bare: int(f.bare.Fd()), tree: int(tree.Fd()), wait: int(wait.Fd())}
	const kinds = unix.CLONE_NEWPID | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC
	child, err := newborn.Start(kinds, -1, floorCalls(name(id), fd))
	if err != nil {
		return nil, nil, errors.Join(err, leave.Close())
	}
	return child, leave, nil
}

// blockingPipe returns a pipe at which a child waits. The ends of os.Pipe do not block.
func blockingPipe() (reader, writer *os.File, err error) {
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		return nil, nil, fmt.Errorf("pipe: %w", err)
	}
	return os.NewFile(uintptr(ends[0]), "pipe"), os.NewFile(uintptr(ends[1]), "pipe"), nil
}

// machineID returns the id of a container's machine.
func machineID(id int) [16]byte { return [16]byte{0: 1, 14: byte(id >> 8), 15: byte(id)} }

func (f *floor) Stop(ctx context.Context, id int) error {
	r := f.running[id]
	if r == nil {
		return fmt.Errorf("stop %s: not started", name(id))
	}
	f.running[id] = nil
	err := f.end(ctx, id, r.child)
	for _, each := range []*os.File{r.init, r.group} {
		if each != nil {
			err = errors.Join(err, each.Close())
		}
	}
	return err
}

// end kills init, and ends its scope and its machine at the same time.
func (f *floor) end(ctx context.Context, id int, child *newborn.Process) error {
	if err := unix.Kill(child.PID, unix.SIGKILL); err != nil {
		return err
	}
	// What the child has reported is the cause, if it has ended before.
	_, failed := child.Wait()
	failed = errors.Join(failed, child.Close())
	unregistered := make(chan error, 1)
	go func() { unregistered <- f.machines.Unregister(ctx, name(id)) }()
	err := f.scopes.Stop(ctx, units.ScopeName(name(id)))
	return errors.Join(failed, err, <-unregistered)
}

func (f *floor) Explain(id int) string {
	r := f.running[id]
	if r == nil {
		return ""
	}
	return fmt.Sprint(r.child.Failed())
}

func (f *floor) Close() error {
	var errs []error
	for _, each := range []*os.File{f.null, f.bare} {
		if each != nil {
			errs = append(errs, each.Close())
		}
	}
	if f.conn != nil {
		errs = append(errs, f.conn.Close())
	}
	return errors.Join(errs...)
}

// busPeer calls the methods of one service.
type busPeer struct {
	conn *dbus.Conn
	name string
}

func (p busPeer) Call(ctx context.Context, path dbus.ObjectPath, method string, args ...any) *dbus.Call {
	return p.conn.Object(p.name, path).CallWithContext(ctx, method, 0, args...)
}

func (p busPeer) Go(ctx context.Context, path dbus.ObjectPath, method string, args ...any) *dbus.Call {
	return p.conn.Object(p.name, path).GoWithContext(ctx, method, 0, make(chan *dbus.Call, 1), args...)
}

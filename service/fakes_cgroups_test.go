package service

import (
	"context"
	"io/fs"
	"os"
	"path"
	"syscall"

	"github.com/berthd/berth/internal/figures"
)

// cgroupsFake has a group for each unit, whose id is the unit's first process.
type cgroupsFake struct{ *daemon }

func (d cgroupsFake) Of(pid uint32) (string, uint64, error) {
	err := d.call("cgroups.Of")
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range d.supervisors {
		if unit := d.unitOf(s.pid); unit != "" && (pid == s.pid || pid == s.Leader()) {
			return "/machine.slice/" + unit, uint64(s.pid), err
		}
	}
	return "/system.slice/berthd.service", 1, err
}

func (d cgroupsFake) ID(group string) (uint64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if first := d.units[path.Base(group)]; first != 0 {
		return uint64(first), nil
	}
	return 0, fs.ErrNotExist
}

func (d cgroupsFake) ExpectMove() { _ = d.call("cgroups.ExpectMove") }

func (d cgroupsFake) Open(group string, id uint64) (Cgroup, error) {
	if err := d.call("cgroups.Open"); err != nil {
		return nil, err
	}
	is, err := d.ID(group)
	if err != nil || is != id {
		return nil, fs.ErrNotExist
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range d.supervisors {
		if uint64(s.pid) == id {
			return &cgroupFake{d.daemon, s}, nil
		}
	}
	return nil, fs.ErrNotExist
}

// Figures has 7 tasks of each container, if its group is there.
func (d cgroupsFake) Figures() FigureReader { return d }

func (d cgroupsFake) Read(into *figures.Figures, group string, id uint64, want figures.Wanted) error {
	err := d.call("figures.Read")
	if is, gone := d.ID(group); gone != nil || is != id {
		return fs.ErrNotExist
	}
	if want.Has(figures.TasksCurrent) {
		into.Put(figures.TasksCurrent, 7)
	}
	return err
}

type cgroupFake struct {
	d *daemon
	s *supervisorFake
}

func (g *cgroupFake) File() *os.File { return nil }

func (g *cgroupFake) Freeze(context.Context) error {
	g.s.frozen.Store(true)
	return g.d.call("cgroup.Freeze")
}

func (g *cgroupFake) Thaw() error { g.s.frozen.Store(false); return g.d.call("cgroup.Thaw") }

func (g *cgroupFake) Frozen() (bool, error) { return g.s.frozen.Load(), g.d.call("cgroup.Frozen") }
func (g *cgroupFake) Close() error          { return nil }

// Arrival sees what a test wants.
func (d cgroupsFake) Arrival(string, string) (arrived <-chan struct{}, cancel func()) {
	return d.arrived, func() {}
}

// InUse is 10 MiB and 5 tasks.
func (g *cgroupFake) InUse() (memory, tasks uint64, err error) {
	return 10 << 20, 5, g.d.call("cgroup.InUse")
}

// Has denies what a test says that the kernel does not know.
func (g *cgroupFake) Has(file string) bool { return g.d.call("cgroup.Has "+file) == nil }

func (g *cgroupFake) AwaitEnd(ctx context.Context) error {
	select {
	case <-g.s.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g *cgroupFake) End(context.Context) error {
	err := g.d.call("cgroup.End")
	g.s.finish(End{})
	return err
}

func (g *cgroupFake) Kill() error {
	err := g.d.call("cgroup.Kill")
	if g.s.hanging.Load() {
		return err // its payload is dead, and it does not see that
	}
	g.s.finish(End{Known: true, Exit: Exit{Kind: ExitKilled, Code: int32(syscall.SIGKILL)}})
	return err
}

package launch

import (
	"context"
	"errors"
	"os"
	"strings"

	"github.com/berthd/berth/internal/cgroup"
	"github.com/berthd/berth/service"
)

// Groups finds containers' control groups below the host's cgroup v2 mount.
type Groups struct{ mountPoint string }

// NewGroups looks the mount up.
func NewGroups() (*Groups, error) {
	at, err := cgroup.MountPoint()
	if err != nil {
		return nil, err
	}
	return &Groups{mountPoint: at}, nil
}

// Of finds the scope of a supervisor, whether it has taken its place in it yet or not.
func (g *Groups) Of(pid uint32) (string, error) {
	group, err := cgroup.Of(pid)
	return strings.TrimSuffix(group, "/"+cgroup.Supervisor), err
}

// Open opens a scope. Its payload is there once the supervisor has been placed.
func (g *Groups) Open(path string) (service.Group, error) {
	dir, err := cgroup.At(g.mountPoint, path)
	if err != nil {
		return nil, err
	}
	return &scope{dir: dir}, nil
}

// scope is one container's group.
type scope struct{ dir *cgroup.Dir }

func (s *scope) File() *os.File { return s.dir.File() }
func (s *scope) Close() error   { return s.dir.Close() }

// payload does f to the part of the scope that the container lives in.
func (s *scope) payload(f func(*cgroup.Dir) error) error {
	dir, err := s.dir.Sub(cgroup.Payload)
	if err != nil {
		return err
	}
	return errors.Join(f(dir), dir.Close())
}

func (s *scope) Kill() error { return s.payload((*cgroup.Dir).Kill) }
func (s *scope) Thaw() error { return s.payload((*cgroup.Dir).Thaw) }

func (s *scope) End(ctx context.Context) error {
	return errors.Join(s.dir.Kill(), s.dir.AwaitEmpty(ctx))
}

func (s *scope) Freeze(ctx context.Context) error {
	return s.payload(func(d *cgroup.Dir) error { return d.Freeze(ctx) })
}

func (s *scope) Frozen() (frozen bool, err error) {
	err = s.payload(func(d *cgroup.Dir) (err error) {
		frozen, err = d.Frozen()
		return err
	})
	return frozen, err
}

func (s *scope) AwaitEmpty(ctx context.Context) error {
	return s.payload(func(d *cgroup.Dir) error { return d.AwaitEmpty(ctx) })
}

// Stats are the figures of the whole container, its supervisor left out.
func (s *scope) Stats() (st service.Stats, err error) {
	err = s.payload(func(d *cgroup.Dir) error {
		var errs [3]error
		st.CPUUsageUSec, errs[0] = d.Field("cpu.stat", "usage_usec")
		st.MemoryCurrent, errs[1] = d.Number("memory.current")
		st.TasksCurrent, errs[2] = d.Number("pids.current")
		return errors.Join(errs[:]...)
	})
	return st, err
}

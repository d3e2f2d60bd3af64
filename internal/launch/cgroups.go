package launch

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/cgroup"
	"github.com/berthd/berth/internal/linux/modified"
	"github.com/berthd/berth/service"
)

// Cgroups finds containers' control groups below the host's cgroup v2 mount.
type Cgroups struct {
	mountPoint string
	stay       func(mountPoint string) error

	mu       sync.Mutex
	expected time.Time // the last call of ExpectMove

	events modified.Files
}

// NewCgroups finds the mount of cgroup v2. It returns an error if there is none.
func NewCgroups() (*Cgroups, error) {
	at, err := cgroup.MountPoint()
	if err != nil {
		return nil, err
	}
	return &Cgroups{mountPoint: at, stay: stay}, nil
}

// MountPoint returns where the hierarchy is mounted.
func (g *Cgroups) MountPoint() string { return g.mountPoint }

// Of returns the group of a process's scope, and its id. The process is a supervisor, moved to its part of
// the scope or not, or a process of the container, in a sub-group of any depth.
func (g *Cgroups) Of(pid uint32) (path string, id uint64, err error) {
	group, err := cgroup.Of(pid)
	if err != nil {
		return "", 0, err
	}
	path = scopePath(group)
	id, err = g.ID(path)
	return path, id, err
}

// scopePath cuts a group's path off after its first scope.
func scopePath(group string) string {
	if above, _, found := strings.Cut(group+"/", ".scope/"); found {
		return above + ".scope"
	}
	return group
}

// ID returns the inode number of a group's directory. The kernel numbers groups with 64 bits and uses no
// number again (kernfs, since Linux 5.5). It returns fs.ErrNotExist if there is no such group.
func (g *Cgroups) ID(path string) (uint64, error) {
	dir, err := cgroup.At(g.mountPoint, path)
	if err != nil {
		return 0, err
	}
	defer func() { _ = dir.Close() }()
	return idOf(dir)
}

func idOf(dir *cgroup.Dir) (uint64, error) {
	var st unix.Stat_t
	err := unix.Fstat(int(dir.File().Fd()), &st)
	runtime.KeepAlive(dir)
	return st.Ino, err
}

// Open opens a scope. The payload's group exists once the supervisor is placed. It returns fs.ErrNotExist if
// there is no group with this path and id.
func (g *Cgroups) Open(path string, id uint64) (service.Cgroup, error) {
	dir, err := g.open(path, id)
	if err != nil {
		return nil, err
	}
	return &scope{dir: dir}, nil
}

func (g *Cgroups) open(path string, id uint64) (*cgroup.Dir, error) {
	dir, err := cgroup.At(g.mountPoint, path)
	if err != nil {
		return nil, err
	}
	is, err := idOf(dir)
	if err == nil && is != id {
		err = &fs.PathError{Op: "open control group", Path: path, Err: fs.ErrNotExist}
	}
	if err != nil {
		_ = dir.Close()
		return nil, err
	}
	return dir, nil
}

// scope is the control group of one scope.
type scope struct{ dir *cgroup.Dir }

func (s *scope) File() *os.File { return s.dir.File() }
func (s *scope) Close() error   { return s.dir.Close() }

func (s *scope) Has(file string) bool { return s.dir.Has(file) }

func (s *scope) InUse() (memory, tasks uint64, err error) { return s.dir.InUse() }

// payload calls f with the container's part of the scope.
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

func (s *scope) AwaitEnd(ctx context.Context) error { return s.dir.AwaitEmpty(ctx) }

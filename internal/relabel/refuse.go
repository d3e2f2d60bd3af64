package relabel

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/holders"
	"github.com/berthd/berth/internal/linux/place"
	"github.com/berthd/berth/internal/looks"
)

// RefusedError says why a tree is not relabelled, or not taken back to plain owners.
type RefusedError struct{ Path, Reason string }

func (e *RefusedError) Error() string {
	return fmt.Sprintf("%s is not relabelled: %s", e.Path, e.Reason)
}

// whole are directories of the host that are its own with everything below them.
func whole() []string {
	return []string{
		"/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/proc", "/sbin", "/sys", "/usr",
		"/run/berth", "/run/systemd", "/run/udev", "/run/dbus", "/var/lib/berth", "/var/lib/dpkg", "/var/lib/rpm", "/var/lib/selinux", "/var/lib/systemd",
	}
}

// itself are directories of the host that may have trees of containers below them.
func itself() []string {
	return []string{
		"/", "/home", "/media", "/mnt", "/opt", "/root", "/run", "/run/user", "/srv", "/tmp",
		"/var", "/var/cache", "/var/lib", "/var/lib/containers", "/var/lib/libvirt", "/var/lib/lxc", "/var/lib/machines",
		"/var/lock", "/var/log", "/var/mail", "/var/opt", "/var/run", "/var/spool", "/var/tmp",
	}
}

// used is a tree of another container that is on.
type used struct {
	path  string
	above []Place // itself first; none if it is not there
}

// openAll opens the trees. It returns a *RefusedError if one is a directory of the system, is in one, or shares files
// with one of others. It waits for an answer of a file system no longer than its limit.
func (r *Relabeler) openAll(ctx context.Context, trees []Tree, others []string) (roots []*root, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, r.answer, fmt.Errorf("no answer in %v", r.answer))
	defer cancel()
	defer func() {
		if err != nil {
			closeAll(roots)
			roots = nil
		}
	}()
	system, content, err := r.ofHost(ctx)
	if err != nil {
		return nil, err
	}
	inUse, err := r.inUse(ctx, others)
	if err != nil {
		return nil, err
	}
	for _, t := range trees {
		one, err := r.open(ctx, t)
		if err != nil {
			return roots, err
		}
		roots = append(roots, one.root)
		if err := one.refuse(system, content); err != nil {
			return roots, err
		}
		for _, other := range inUse {
			if err := one.shares(other); err != nil {
				return roots, err
			}
		}
	}
	return roots, nil
}

// opened is an open tree with the places of it and of the directories above it.
type opened struct {
	*root
	above []Place
}

// open opens a tree.
func (r *Relabeler) open(ctx context.Context, t Tree) (opened, error) {
	return looks.At(ctx, r.looks, t.Path, func() (opened, error) {
		one, err := openRoot(t)
		if err != nil {
			return opened{}, err
		}
		up, err := ancestors(one)
		if err != nil {
			closeAll([]*root{one})
			return opened{}, fmt.Errorf("%s: %w", t.Path, err)
		}
		return opened{one, up}, nil
	}, func(o opened) { closeAll([]*root{o.root}) })
}

// ofHost finds the directories of the host that are there.
func (r *Relabeler) ofHost(ctx context.Context) (system, content map[Place]string, err error) {
	found, err := looks.At(ctx, r.looks, "a directory of the host such as /home", func() ([2]map[Place]string, error) {
		return [2]map[Place]string{placesOf(itself()), placesOf(whole())}, nil
	}, nil)
	return found[0], found[1], err
}

// inUse finds the trees of others.
func (r *Relabeler) inUse(ctx context.Context, others []string) (list []used, err error) {
	for _, path := range others {
		// A container without a root of its own shares the host's, and so has all trees below it: that says nothing of them.
		if filepath.Clean(path) == "/" {
			continue
		}
		above, err := r.Above(ctx, path)
		if err != nil {
			return nil, fmt.Errorf("which files another running container has: %w", err)
		}
		list = append(list, used{path, above})
	}
	return list, nil
}

// refuse checks a tree against the places of the system. The comparison is by device and inode number, so a bind mount
// or a symbolic link to such a place is one too.
func (t opened) refuse(system, content map[Place]string) error {
	if name, found := system[t.above[0]]; found && !t.Single {
		return &RefusedError{Path: t.Path, Reason: name + " belongs to the host"}
	}
	for _, at := range t.above {
		if name, found := content[at]; found && (!t.Single || name != "/dev") {
			return &RefusedError{Path: t.Path, Reason: "it belongs to the host's " + name}
		}
	}
	return nil
}

// shares returns an error if a tree is the same as that of another container, or in it, or above it.
func (t opened) shares(other used) error {
	if len(other.above) == 0 || !slices.Contains(t.above, other.above[0]) && !slices.Contains(other.above, t.above[0]) {
		return nil
	}
	return &RefusedError{Path: t.Path, Reason: "another running container uses " + other.path}
}

// unheld returns a *RefusedError if a process of the host has the tree, or a part of it: a container of a manager that
// nobody else knows, or one in chroot(2). It would lose its files.
func (r *Relabeler) unheld(ctx context.Context, t *root) error {
	ctx, cancel := context.WithTimeoutCause(ctx, r.answer, fmt.Errorf("no answer in %v", r.answer))
	defer cancel()
	fd, err := unix.FcntlInt(uintptr(t.fd), unix.F_DUPFD_CLOEXEC, 0) // the look may last longer than the call
	if err != nil {
		return err
	}
	top := os.NewFile(uintptr(fd), t.Path)
	var begun atomic.Bool
	holder, err := looks.At(ctx, r.looks, "/proc", func() (string, error) {
		begun.Store(true)
		defer func() { _ = top.Close() }()
		h, found, err := holders.First(top)
		if err != nil || !found {
			return "", err
		}
		return h.String(), nil
	}, nil)
	if !begun.Load() { // nor will it be; or it is just about to, and finds the file closed
		_ = top.Close()
	}
	if err != nil {
		return fmt.Errorf("which processes have %s: %w", t.Path, err)
	}
	if holder != "" {
		return &RefusedError{Path: t.Path, Reason: holder + ": stop it first"}
	}
	return nil
}

// ancestors returns the place of a tree and those of the directories above it.
func ancestors(t *root) ([]Place, error) {
	if t.isDir() {
		return place.Above(t.fd)
	}
	path, err := filepath.EvalSymlinks(t.Path) // the path of an image is the host's
	if err != nil {
		return nil, err
	}
	fd, err := unix.Open(filepath.Dir(path), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unix.Close(fd) }()
	up, err := place.Above(fd)
	if err != nil {
		return nil, err
	}
	return append([]Place{{Dev: t.dev, Ino: t.ino}}, up...), nil
}

// placesOf finds the directories that are there, without a question to a server. A symbolic link, as /bin is one,
// counts as where it leads.
func placesOf(paths []string) map[Place]string {
	found := make(map[Place]string, len(paths))
	for _, path := range paths {
		fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
		if err != nil {
			continue
		}
		if in, err := look(fd); err == nil {
			if at := (Place{Dev: in.dev, Ino: in.ino}); found[at] == "" {
				found[at] = path
			}
		}
		_ = unix.Close(fd)
	}
	return found
}

package relabel

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
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

// place is a directory or file, whatever path leads to it.
type place struct{ dev, ino uint64 }

// openAll opens the trees. It returns a *RefusedError if one is a directory of the system, is in one, or shares files
// with one of others.
func (r *Relabeler) openAll(trees []Tree, others []string) (roots []*root, err error) {
	defer func() {
		if err != nil {
			closeAll(roots)
			roots = nil
		}
	}()
	// A container without a root of its own shares the host's, and so has all trees below it: that says nothing of them.
	others = slices.DeleteFunc(slices.Clone(others), func(path string) bool { return filepath.Clean(path) == "/" })
	system, content, used := placesOf(itself()), placesOf(whole()), placesOf(others)
	for _, t := range trees {
		one, err := openRoot(t)
		if err != nil {
			return roots, err
		}
		roots = append(roots, one)
		if err := refuse(one, system, content, used, others); err != nil {
			return roots, err
		}
	}
	return roots, nil
}

// refuse checks one tree against the places of the system and of others. The comparison is by device and inode number,
// so a bind mount or a symbolic link to such a place is one too.
func refuse(t *root, system, content, used map[place]string, others []string) error {
	up, err := ancestors(t)
	if err != nil {
		return fmt.Errorf("%s: %w", t.Path, err)
	}
	if name, found := system[up[0]]; found && !t.Single {
		return &RefusedError{Path: t.Path, Reason: name + " belongs to the host"}
	}
	for _, at := range up {
		if name, found := content[at]; found && (!t.Single || name != "/dev") {
			return &RefusedError{Path: t.Path, Reason: "it belongs to the host's " + name}
		}
		if name, found := used[at]; found {
			return &RefusedError{Path: t.Path, Reason: "another running container uses " + name}
		}
	}
	for _, other := range others { // in the tree
		o, err := openRoot(Tree{Path: other})
		if err != nil {
			continue // an image, or nothing that could be shared by now
		}
		above, err := ancestors(o)
		closeAll([]*root{o})
		if err != nil {
			continue
		}
		if slices.Contains(above, up[0]) {
			return &RefusedError{Path: t.Path, Reason: "another running container uses " + other}
		}
	}
	return nil
}

// ancestors returns the place of a tree and those of the directories above it.
func ancestors(t *root) ([]place, error) {
	up := []place{{t.dev, t.ino}}
	at, held := t.fd, -1
	if !t.isDir() { // the directory of an image; the path is the host's
		path, err := filepath.EvalSymlinks(t.Path)
		if err != nil {
			return nil, err
		}
		fd, err := unix.Open(filepath.Dir(path), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			return nil, err
		}
		in, err := look(fd)
		if err != nil {
			_ = unix.Close(fd)
			return nil, err
		}
		up, at, held = append(up, place{in.dev, in.ino}), fd, fd
	}
	for {
		fd, err := unix.Openat(at, "..", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if held >= 0 {
			_ = unix.Close(held)
		}
		if err != nil {
			return nil, err
		}
		at, held = fd, fd
		in, err := look(fd)
		if next := (place{in.dev, in.ino}); err != nil || next == up[len(up)-1] { // only / is its own parent
			_ = unix.Close(fd)
			return up, err
		} else if len(up) > unix.PathMax {
			_ = unix.Close(fd)
			return nil, errors.New("too deep")
		} else {
			up = append(up, next)
		}
	}
}

// placesOf finds the directories that are there. A symbolic link, as /bin is one, counts as where it leads.
func placesOf(paths []string) map[place]string {
	found := make(map[place]string, len(paths))
	for _, path := range paths {
		var st unix.Stat_t
		if err := unix.Stat(path, &st); err == nil {
			if at := (place{st.Dev, st.Ino}); found[at] == "" {
				found[at] = path
			}
		}
	}
	return found
}

package initproc

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/mount"
	"github.com/berthd/berth/internal/plan"
)

func (s *stage) basicMounts() error { return s.mountAll(s.plan.Mounts) }
func (s *stage) filesystems() error { return s.mountAll(s.plan.Filesystems) }

func (s *stage) mountAll(list []plan.Mount) error {
	for i := range list {
		m, err := s.make(&list[i])
		if err != nil {
			return err
		}
		err = s.attach(m, list[i].Target)
		if list[i].Optional && errors.Is(err, unix.EROFS) {
			err = nil
		}
		if err == nil && list[i].Type == "devpts" {
			s.devpts = m
			continue
		}
		_ = m.Close()
		if list[i].Kind == plan.MountBootID {
			err = errors.Join(err, s.root.Unlink(bootIDFile))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// makeNew makes the new file systems, while the old root is still there. In a user namespace the
// kernel makes a proc or sysfs only if a complete one is visible (mount_too_revealing, Linux 4.2).
func (s *stage) makeNew() error {
	s.fresh = map[*plan.Mount]*os.File{}
	for i := range s.plan.Mounts {
		if m := &s.plan.Mounts[i]; m.Kind == plan.MountNew {
			made, err := newMount(m)
			if err != nil {
				return err
			}
			s.fresh[m] = made
		}
	}
	return nil
}

func newMount(m *plan.Mount) (*os.File, error) {
	options := make([]mount.Option, len(m.Options))
	for i, o := range m.Options {
		options[i] = mount.Option{Key: o.Key, Value: o.Value}
	}
	attr := attributes(m)
	if len(m.Files) == 0 {
		return mount.New(m.Type, options, attr)
	}
	made, err := mount.New(m.Type, options, attr&^mount.ReadOnly)
	if err != nil {
		return nil, err
	}
	if err = fill(made, m.Files); err == nil {
		err = mount.SetAttr(made, attr, mount.One)
	}
	if err != nil {
		_ = made.Close()
		return nil, err
	}
	return made, nil
}

// fill writes files into a new file system. That is not attached yet, so nobody else can see it.
func fill(made *os.File, files []plan.File) error {
	for _, f := range files {
		fd, err := unix.Openat(int(made.Fd()), f.Name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, f.Mode)
		if err != nil {
			return &os.PathError{Op: "create", Path: f.Name, Err: err}
		}
		file := os.NewFile(uintptr(fd), f.Name)
		_, err = file.WriteString(f.Content)
		_ = file.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// make returns the mount. It is not attached yet.
func (s *stage) make(m *plan.Mount) (*os.File, error) {
	attr := attributes(m)
	switch m.Kind {
	case plan.MountNew:
		if made := s.fresh[m]; made != nil {
			return made, nil
		}
		return newMount(m)
	case plan.MountSource:
		return s.sources[m.Source], nil
	case plan.MountView:
		return s.view[m.From], nil
	case plan.MountBootID:
		return s.bootID(attr)
	case plan.MountInner:
		from, err := s.root.Open(m.From, unix.O_PATH)
		if err != nil {
			return nil, err
		}
		defer func() { _ = from.Close() }()
		return innerClone(from, m.Writable, attr)
	}
	return nil, fmt.Errorf("mount %s: unknown kind %q", m.Target, m.Kind)
}

func innerClone(from *os.File, writable bool, attr mount.Attr) (*os.File, error) {
	depth := mount.One
	tree, err := mount.Clone(from, depth)
	if errors.Is(err, unix.EINVAL) {
		// A mount of the host below it is locked: with a user namespace it cannot be left out.
		depth = mount.Tree
		tree, err = mount.Clone(from, depth)
	}
	if err != nil {
		return nil, err
	}
	if writable {
		err = mount.SetAttrWritable(tree, attr)
	} else {
		err = mount.SetAttr(tree, attr, depth)
	}
	if err != nil {
		_ = tree.Close()
		return nil, err
	}
	return tree, nil
}

// attach attaches m to a target in the container. If m is a directory the target is one, and otherwise
// a file. It creates a missing target.
func (s *stage) attach(m *os.File, target string) error {
	isDir, err := mount.IsDir(m)
	if err != nil {
		return err
	}
	open := s.root.File
	if isDir {
		open = s.root.Dir
	}
	at, err := open(target)
	if err != nil {
		return err
	}
	defer func() { _ = at.Close() }()
	if err := s.notRoot(at, target); err != nil {
		return err
	}
	return mount.Attach(m, at)
}

// notRoot returns an error if the target is the root itself. A symbolic link in the image can lead
// there, and a mount over the root would not be visible to the container.
func (s *stage) notRoot(at *os.File, target string) error {
	there, err := at.Stat()
	if err != nil {
		return err
	}
	root, err := s.sources[0].Stat()
	if err != nil {
		return err
	}
	if os.SameFile(there, root) {
		return fmt.Errorf("%s is the root itself", target)
	}
	return nil
}

func attributes(m *plan.Mount) mount.Attr {
	var a mount.Attr
	for _, f := range []struct {
		on   bool
		attr mount.Attr
	}{{m.ReadOnly, mount.ReadOnly}, {m.NoSUID, mount.NoSUID}, {m.NoDev, mount.NoDev}, {m.NoExec, mount.NoExec}} {
		if f.on {
			a |= f.attr
		}
	}
	return a
}

package initproc

import (
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/born"
	"github.com/berthd/berth/internal/linux/mount"
	"github.com/berthd/berth/internal/plan"
)

// makeNew makes the new file systems, while the old root is still there. In a user namespace the
// kernel makes a proc or sysfs only if a complete one is visible (mount_too_revealing, Linux 4.2).
func (s *Stage) makeNew() error {
	s.fresh = map[*plan.Mount]tree{}
	for i := range s.Plan.Mounts {
		if m := &s.Plan.Mounts[i]; m.Kind == plan.MountNew {
			s.fresh[m] = s.newMount(m)
		}
	}
	return nil
}

func (s *Stage) newMount(m *plan.Mount) tree {
	attr := attributes(m)
	if len(m.Files) == 0 {
		return s.newFS(m.Type, m.Options, attr)
	}
	made := s.newFS(m.Type, m.Options, attr&^mount.ReadOnly)
	s.fill(made, m.Files)
	if attr != 0 {
		s.setAttr(made, attr, 0, 0)
	}
	return made
}

// newFS makes a file system of this type with these options. It does not attach it. The context stays open, and has the
// kernel's words if a call fails.
func (s *Stage) newFS(fstype string, options []plan.Option, attr mount.Attr) tree {
	const setFlag, setString, create = unix.FSCONFIG_SET_FLAG, unix.FSCONFIG_SET_STRING, unix.FSCONFIG_CMD_CREATE
	ctx := s.do("fsopen", fstype, unix.SYS_FSOPEN, born.Text(fstype), born.Int(unix.FSOPEN_CLOEXEC))
	config := func(object string, command int, key, value born.Arg) {
		s.doAttr("fsconfig", object, 0, ctx, unix.SYS_FSCONFIG, born.Of(ctx), born.Int(command), key, value, born.Int(0))
	}
	named := false
	for _, o := range options {
		named = named || o.Key == "source"
	}
	if !named { // the mount table shows "source" as the device
		config(fstype+" source", setString, born.Text("source"), born.Text(fstype))
	}
	for _, o := range s.labelled(fstype, options) {
		if o.Value == "" {
			config(fstype+" "+o.Key, setFlag, born.Text(o.Key), born.Int(0))
		} else {
			config(fstype+" "+o.Key, setString, born.Text(o.Key), born.Text(o.Value))
		}
	}
	config(fstype, create, born.Int(0), born.Int(0))
	fd := s.doAttr("fsmount", fstype, attr, ctx, unix.SYS_FSMOUNT, born.Of(ctx), born.Int(unix.FSMOUNT_CLOEXEC), born.Int(uint64(attr)))
	return tree{fd: born.Of(fd), name: fstype, tmpfs: fstype == "tmpfs" && attr&mount.ReadOnly == 0}
}

// fill writes files into a new file system. That is not attached yet, so nobody else can see it.
func (s *Stage) fill(made tree, files []plan.File) {
	const flags = unix.O_WRONLY | unix.O_CREAT | unix.O_EXCL | unix.O_NOFOLLOW | unix.O_CLOEXEC
	for _, f := range files {
		fd := s.do("create", f.Name, unix.SYS_OPENAT, made.fd, born.Text(f.Name), born.Int(flags), born.Int(f.Mode))
		s.write(born.Of(fd), f.Name, f.Content)
		s.do("close", f.Name, unix.SYS_CLOSE, born.Of(fd)) // a file system with a file open for writing cannot become read-only
	}
}

func (s *Stage) write(fd born.Arg, name, text string) {
	s.do("write", name, unix.SYS_WRITE, fd, born.Bytes([]byte(text)), born.Int(len(text)))
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

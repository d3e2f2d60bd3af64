package initproc

import (
	"fmt"
	"path"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/born"
	"github.com/berthd/berth/internal/linux/mount"
	"github.com/berthd/berth/internal/plan"
)

func (s *Stage) basicMounts() error { return s.mountAll(s.Plan.Mounts) }
func (s *Stage) filesystems() error { return s.mountAll(s.Plan.Filesystems) }

func (s *Stage) mountAll(list []plan.Mount) error {
	for i := range list {
		m := &list[i]
		made, err := s.make(m)
		if err != nil {
			return err
		}
		known := uint64(0)
		if m.Optional {
			known = optional
		}
		s.attach(made, m.Target, known)
		switch {
		case m.Type == "devpts":
			s.devpts = made
		case m.Kind == plan.MountBootID:
			s.removeBootID()
		}
	}
	return nil
}

// make returns the mount. It is not attached yet.
func (s *Stage) make(m *plan.Mount) (tree, error) {
	switch m.Kind {
	case plan.MountNew:
		if made, ok := s.fresh[m]; ok {
			return made, nil
		}
		return s.newMount(m), nil
	case plan.MountSource:
		if node, ok := s.nodes[m]; ok {
			return node, nil
		}
		return s.sources[m.Source], nil
	case plan.MountView:
		return s.view[m.From], nil
	case plan.MountBootID:
		return s.bootID(attributes(m))
	case plan.MountInner:
		from := tree{fd: s.openThere(m.From, unix.O_PATH), name: m.From, kind: unknown}
		from.room = s.stat(from)
		return s.cloneInner(from, m.Writable, attributes(m)), nil
	}
	return tree{}, fmt.Errorf("mount %s: unknown kind %q", m.Target, m.Kind)
}

const opTakeInner = "open_tree"

// cloneInner returns a copy of a mount of the container's own tree, with these attributes.
func (s *Stage) cloneInner(from tree, writable bool, attr mount.Attr) tree {
	copied := from
	copied.fd = born.Of(s.do(opTakeInner, from.name, unix.SYS_OPEN_TREE, from.fd, empty(), born.Int(cloneFlags|unix.AT_EMPTY_PATH)))
	if writable { // the copy of a read-only mount is read-only otherwise
		s.setAttr(copied, 0, 0, unix.MS_PRIVATE)
		s.setAttr(copied, attr&^mount.ReadOnly, mount.ReadOnly, 0)
	} else {
		s.setAttr(copied, attr, 0, unix.MS_PRIVATE)
	}
	return copied
}

// attachment is a mount that a list attaches.
type attachment struct {
	open   born.Ref // of the mount point
	target string
	stage  string
	there  []byte // the mount point's struct statx
	kind   kind
	is     []byte // the mount's own, if its kind is unknown
	left   bool   // it is left out
}

// callsToAttach are the calls of attach: to open, to look, to attach.
const callsToAttach = 3

// attach attaches a mount to a target in the container. If m is a directory the target is one, and otherwise
// a file. It creates a missing target.
func (s *Stage) attach(m tree, target string, known uint64) {
	open := s.openToMount(m, target, known)
	at := tree{fd: born.Of(open), name: target}
	s.attached = append(s.attached, attachment{open: open, target: target, stage: s.at, there: s.stat(at), kind: m.kind, is: m.room})
	s.move(m, at)
	target = path.Clean("/" + target)
	delete(s.tmpfs, target)
	if m.tmpfs {
		s.tmpfs[target] = m
	}
	if s.parent.path == target {
		s.parent = parent{}
	}
}

func (s *Stage) attachment(open born.Ref) *attachment {
	for i := range s.attached {
		if s.attached[i].open == open {
			return &s.attached[i]
		}
	}
	return nil
}

// checkAttached returns an error if a mount was attached to the root. A symbolic link in the image can lead there, and
// a mount over the root would not be visible to the container.
func (s *Stage) checkAttached() error {
	for i := range s.attached {
		a := &s.attached[i]
		if st := statx(a.there); !a.left && st.Mask != 0 && sameFile(st, &s.rootStat) {
			return &stageError{a.stage, fmt.Errorf("%s is the root itself", a.target)}
		}
	}
	return nil
}

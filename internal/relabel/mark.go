package relabel

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/xattr"
	"github.com/berthd/berth/internal/shift"
)

// mark is the attribute of the top of a tree that is being taken back to plain owners, shift.MarkName: by which map. It
// is there from before the first change until after the last one, so that a tree of which a part is done tells that by
// itself, whoever its top belongs to. No container starts with a top that has it. Nobody but root of the host, with
// CAP_SYS_ADMIN in the first user namespace, can write it, or take it away.
type mark struct {
	access *xattr.Access
	top    *root
	was    bool // before this call
	ours   bool // this call has set it
	dry    bool // this call changes nothing
}

// choose finds the map of an unshift, and returns the mark of the tree. The map of a mark is the one.
func (r *Relabeler) choose(o *Unshift, top *root) (*mark, error) {
	m := &mark{access: r.access, top: top, dry: o.DryRun}
	before, err := m.read()
	if err != nil {
		return nil, err
	}
	refused := func(format string, args ...any) (*mark, error) {
		return nil, &RefusedError{Path: o.Path, Reason: fmt.Sprintf(format, args...)}
	}
	switch {
	case m.was && o.Map.UIDs == nil:
		o.Map = before
	case m.was && !o.Map.Same(before):
		return refused("an unshift of it by other ids, which begin at %d, was interrupted, and has to be ended first: call it without --from",
			before.UIDs[0].Outside)
	case o.Map.UIDs == nil && o.Default.UIDs != nil:
		o.Map = o.Default
	case o.Map.UIDs == nil && o.Begins == nil:
		return refused("the container has no <idmap>: say the first id (--from)")
	case o.Map.UIDs == nil:
		if top.uid == 0 || top.uid != top.gid {
			return refused("its top belongs to %d:%d, which does not tell by what it is shifted: say the first id (--from)", top.uid, top.gid)
		}
		begins, err := o.Begins(top.uid)
		if err != nil {
			return nil, err
		}
		if !begins {
			return refused("it belongs to %d:%d, which begins no range that this host gives to containers: --from %d if it does",
				top.uid, top.gid, top.uid)
		}
		o.Map = shift.From(top.uid)
	}
	if err := o.Map.Reversible(); err != nil {
		return refused("%v", err)
	}
	return m, nil
}

// read reads the mark. It returns a *RefusedError if nobody knows its map.
func (m *mark) read() (shift.Map, error) {
	value := make([]byte, 64<<10)
	n, err := m.access.Get(m.top.fd, shift.MarkName, value)
	if errors.Is(err, unix.ENODATA) || errors.Is(err, unix.EOPNOTSUPP) {
		return shift.Map{}, nil
	}
	if err != nil {
		return shift.Map{}, fmt.Errorf("%s: read %s: %w", m.top.Path, shift.MarkName, err)
	}
	before, err := shift.ParseMark(value[:n])
	if err != nil {
		return shift.Map{}, &RefusedError{Path: m.top.Path, Reason: fmt.Sprintf(
			"%v: somebody else, or a later release, has begun something there; if all is done, 'setfattr -x %s DIRECTORY' removes it", err, shift.MarkName)}
	}
	m.was = true
	return before, nil
}

// set sets the mark, unless it is there already, or this is a dry run. It returns a *RefusedError if the file system
// keeps no such attributes: a kill would leave a tree that nobody could tell from a plain one.
func (m *mark) set(by shift.Map) error {
	if m.was || m.dry {
		return nil
	}
	switch err := m.access.Set(m.top.fd, shift.MarkName, by.Mark()); {
	case errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.ENOSPC), errors.Is(err, unix.E2BIG):
		return &RefusedError{Path: m.top.Path, Reason: fmt.Sprintf("its file system has no place for the attribute %s (%v), by which an "+
			"unshift that is interrupted is known: copy the tree to one that has, such as ext4, xfs, btrfs or a tmpfs, with all its owners and attributes", shift.MarkName, err)}
	case errors.Is(err, unix.EPERM):
		return fmt.Errorf("%s: write %s: %w (is it immutable? lsattr(1) tells; or berthd lacks CAP_SYS_ADMIN, as in a user namespace)",
			m.top.Path, shift.MarkName, err)
	case err != nil:
		return fmt.Errorf("%s: write %s: %w", m.top.Path, shift.MarkName, err)
	}
	m.ours = true
	return nil
}

// end removes the mark if the work is done, or if nothing was touched since this call has set it.
func (m *mark) end(done, touched bool) error {
	if m.dry || !done && (touched || !m.ours) {
		return nil
	}
	if err := m.access.Remove(m.top.fd, shift.MarkName); err != nil && !errors.Is(err, unix.ENODATA) {
		return fmt.Errorf("%s: remove %s: %w", m.top.Path, shift.MarkName, err)
	}
	return nil
}

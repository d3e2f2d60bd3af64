package relabel

import (
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/xattr"
	"github.com/berthd/berth/internal/shift"
)

// markName is the attribute of a regular file whose owner is being changed: its mode, 4 bytes, little endian, and its
// capabilities, which chown(2) takes away, so that whoever comes after a kill restores them. That of the top directory
// is another thing, see mark.
const markName = shift.MarkName

// dropped are the bits of the mode that chown(2) takes away.
const dropped = unix.S_ISUID | unix.S_ISGID

// owned is an open file whose owner may change.
type owned struct {
	looked
	access *xattr.Access
	fd     int
	m      shift.Map
	held   attributes

	acl, preset []byte // new lists; nil if there is nothing to change
	capability  []byte // as it will be; nil if there is none
	recast      bool   // capability is not what the file has
	permissions uint32 // as they will be
	lost        bool   // change has not given the rights of the file back: it has other names
}

// read finds out what changes.
func (o *owned) read() (err error) {
	if o.held.access {
		o.acl, err = o.list(shift.AccessACL)
	}
	if err == nil && o.held.preset {
		o.preset, err = o.list(shift.DefaultACL)
	}
	if err != nil {
		return err
	}
	o.permissions = uint32(o.mode) & 0o7777
	if o.held.capability {
		value, err := o.get(shift.Capability)
		if err != nil {
			return err
		}
		o.capability, o.recast = o.m.Capabilities(value)
	}
	if !o.held.mark {
		return nil
	}
	mark, err := o.get(markName)
	if err != nil || len(mark) < 4 {
		return err
	}
	o.permissions = binary.LittleEndian.Uint32(mark) & 0o7777
	if o.capability == nil && len(mark) > 4 {
		o.capability, _ = o.m.Capabilities(mark[4:])
		o.recast = true
	}
	return nil
}

// list reads an access list, and returns the new one; nil if that is the same.
func (o *owned) list(name string) ([]byte, error) {
	value, err := o.get(name)
	if err != nil {
		return nil, err
	}
	if list, changed := o.m.ACL(value); changed {
		return list, nil
	}
	return nil, nil
}

func (o *owned) get(name string) ([]byte, error) {
	value := make([]byte, 64<<10) // the kernel's limit
	n, err := o.access.Get(o.fd, name, value)
	if errors.Is(err, unix.ENODATA) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return value[:n:n], nil
}

// changes reports whether anything of the file has an id of the map, or was left half done.
func (o *owned) changes() bool {
	_, _, owner, _ := o.m.Owner(o.uid, o.gid)
	return owner || o.acl != nil || o.preset != nil || o.recast || o.held.mark
}

// rights reports whether a regular file gives rights to whoever executes it: setuid or setgid bits, or capabilities.
func (o *owned) rights() bool {
	return o.mode&unix.S_IFMT == unix.S_IFREG && (o.permissions&dropped != 0 || o.capability != nil)
}

// loses reports whether a change would take these away for good. A file with several names may have one out of the
// tree, where users of the host can reach it: its rights were those of a user of the container, and would be root's.
func (o *owned) loses() bool { return o.changes() && o.links > 1 && o.rights() }

// change gives the file its new owner, and the rest.
func (o *owned) change() error {
	for name, value := range map[string][]byte{shift.AccessACL: o.acl, shift.DefaultACL: o.preset} {
		if value == nil {
			continue
		}
		if err := o.access.Set(o.fd, name, value); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	uid, gid, changed, _ := o.m.Owner(o.uid, o.gid)
	if !changed {
		if !o.held.mark && !o.recast {
			return nil
		}
		return o.restore()
	}
	rights := o.rights()
	if rights {
		mark := append(binary.LittleEndian.AppendUint32(nil, o.permissions), o.capability...)
		err := o.access.Set(o.fd, markName, mark)
		if err != nil && !errors.Is(err, unix.EOPNOTSUPP) { // a file system that keeps no such attributes: on that, a kill in between is a risk
			return fmt.Errorf("write %s: %w", markName, err)
		}
		o.held.mark = err == nil
	}
	if err := unix.Fchownat(o.fd, "", int(uid), int(gid), unix.AT_EMPTY_PATH|unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return fmt.Errorf("change the owner: %w", err)
	}
	if !rights && !o.held.mark {
		return nil
	}
	return o.restore()
}

// restore gives a regular file the mode and the capabilities back that it had, and takes the mark away. One with
// several names gets no rights back, see loses. The names are counted now that the owner is the new one: the old one
// could link the file until then.
func (o *owned) restore() error {
	if o.mode&unix.S_IFMT == unix.S_IFREG {
		now, err := look(o.fd)
		if err != nil {
			return err
		}
		if o.links = now.links; o.loses() {
			o.lost = true
			o.permissions &^= dropped
		}
		if err := o.access.Chmod(o.fd, o.permissions); err != nil {
			return fmt.Errorf("change the mode: %w", err)
		}
		if err := o.empower(); err != nil {
			return err
		}
	}
	if !o.held.mark {
		return nil
	}
	if err := o.access.Remove(o.fd, markName); err != nil && !errors.Is(err, unix.ENODATA) {
		return fmt.Errorf("remove %s: %w", markName, err)
	}
	return nil
}

// empower gives a file its capabilities, or takes them away if its rights are lost.
func (o *owned) empower() error {
	if o.capability == nil {
		return nil
	}
	if o.lost {
		if err := o.access.Remove(o.fd, shift.Capability); err != nil && !errors.Is(err, unix.ENODATA) {
			return fmt.Errorf("remove %s: %w", shift.Capability, err)
		}
		return nil
	}
	if err := o.access.Set(o.fd, shift.Capability, o.capability); err != nil {
		return fmt.Errorf("write %s: %w", shift.Capability, err)
	}
	return nil
}

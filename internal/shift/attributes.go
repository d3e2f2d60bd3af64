package shift

import (
	"encoding/binary"
	"slices"
)

// The extended attributes of a file that have ids in them.
const (
	AccessACL  = "system.posix_acl_access"
	DefaultACL = "system.posix_acl_default"
	Capability = "security.capability"
)

// Sizes and tags of <linux/posix_acl_xattr.h>: a version, then entries of tag, permissions and id.
const (
	aclHeader  = 4
	aclEntry   = 8
	aclVersion = 2
	aclUser    = 0x02
	aclGroup   = 0x08
)

// ACL returns a POSIX access control list with the ids of the host of a map taken back to those inside, and whether one
// was. It returns the value itself if that is no list.
func (m Map) ACL(value []byte) ([]byte, bool) {
	if len(value) < aclHeader || (len(value)-aclHeader)%aclEntry != 0 || binary.LittleEndian.Uint32(value) != aclVersion {
		return value, false
	}
	changed, out := false, slices.Clone(value)
	for e := out[aclHeader:]; len(e) > 0; e = e[aclEntry:] {
		list := m.UIDs
		switch binary.LittleEndian.Uint16(e) {
		case aclUser:
		case aclGroup:
			list = m.GIDs
		default:
			continue
		}
		old := binary.LittleEndian.Uint32(e[4:])
		if id, found := Inside(list, old); found && id != old {
			binary.LittleEndian.PutUint32(e[4:], id)
			changed = true
		}
	}
	return out, changed
}

// Revisions and sizes of struct vfs_ns_cap_data, <linux/capability.h>: the last field of the third one is the user who
// is root where the capabilities count.
const (
	capRevisionMask = 0xFF000000
	capRevision2    = 0x02000000
	capRevision3    = 0x03000000
	capSize2        = 20
	capSize3        = 24
)

// Capabilities returns the capabilities of a file with their root taken back to the user inside, and whether it was one
// of the map's. Those of the user 0 are of the second revision, which has no user.
func (m Map) Capabilities(value []byte) ([]byte, bool) {
	if len(value) != capSize3 || binary.LittleEndian.Uint32(value)&capRevisionMask != capRevision3 {
		return value, false
	}
	old := binary.LittleEndian.Uint32(value[capSize2:])
	id, found := Inside(m.UIDs, old)
	if !found || id == old {
		return value, false
	}
	out := slices.Clone(value)
	binary.LittleEndian.PutUint32(out[capSize2:], id)
	if id == 0 {
		out = out[:capSize2]
		binary.LittleEndian.PutUint32(out, binary.LittleEndian.Uint32(out)&^uint32(capRevisionMask)|capRevision2)
	}
	return out, true
}

// Owner returns the owner inside of a file, and whether an id of it was one of the host's of the map. strange says that
// an id is neither of the host's nor of those inside.
func (m Map) Owner(uid, gid uint32) (user, group uint32, changed, strange bool) {
	user, group = uid, gid
	for _, one := range []struct {
		list []Range
		id   *uint32
	}{{m.UIDs, &user}, {m.GIDs, &group}} {
		id, found := Inside(one.list, *one.id)
		strange = strange || !found && !within(one.list, *one.id)
		changed = changed || id != *one.id
		*one.id = id
	}
	return user, group, changed, strange
}

package domain

import (
	"math"
	"slices"
)

// extOwner is <berth:owner>. It names a user by his id: the bus knows a caller's id, and a name can be given to
// another.
type extOwner struct {
	UID *uint64 `xml:"uid,attr"`
}

// nobodies are the ids that own nothing: 65534 is nobody's, which many services share; -1 of 16 and of 32 bits is no
// id.
func nobodies() []uint64 { return []uint64{65534, math.MaxUint16, math.MaxUint32} }

func readOwner(d *Def, e *extension, f *faults) {
	if e.Owner == nil {
		return
	}
	const at = "domain/berth:container/berth:owner@uid"
	switch uid := e.Owner.UID; {
	case uid == nil:
		f.invalid(at, "it is missing")
	case *uid == 0:
		f.invalid(at, "root may do everything already; leave <owner> out")
	case *uid > math.MaxUint32 || slices.Contains(nobodies(), *uid):
		f.invalid(at, "%d is not the id of a user who can own a container", *uid)
	default:
		d.Extension.OwnerUID = uint32(*uid)
	}
}

func formatOwner(uid uint32) *extOwner {
	if uid == 0 {
		return nil
	}
	written := uint64(uid)
	return &extOwner{UID: &written}
}

// OwnedBy returns a definition that differs from d only in its owner.
func (d *Def) OwnedBy(uid uint32) *Def {
	owned := *d
	owned.Extension.OwnerUID = uid
	return &owned
}

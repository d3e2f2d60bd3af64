package shift

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
)

// MarkName is the extended attribute of the top directory of a tree that is being taken back to plain owners. It is
// there before anything changes, and is removed when all is done. Its value is that of Map.Mark. The kernel lets nobody
// write or read an attribute of the class trusted but who has CAP_SYS_ADMIN in the first user namespace (xattr(7)).
const MarkName = "trusted.berth.unshift"

const (
	markBase  = 4     // bytes
	markRange = 3 * 4 // bytes
	rangesMax = 340   // of a user namespace, user_namespaces(7)
)

var errMark = errors.New("its " + MarkName + " is none that this release of Berth writes")

// Mark returns the value of MarkName for a map. That of From is 4 bytes, little endian: the first id of the host. That
// of any other map is how many ranges of users there are, those, and the ranges of groups: each number has 4 bytes,
// little endian, and a range is the first id inside, the first one outside, and the count.
func (m Map) Mark() []byte {
	if len(m.UIDs) == 1 {
		if base := m.UIDs[0].Outside; m.Same(From(base)) {
			return binary.LittleEndian.AppendUint32(nil, base)
		}
	}
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(m.UIDs)))
	for _, r := range slices.Concat(m.UIDs, m.GIDs) {
		for _, n := range []uint32{r.Inside, r.Outside, r.Count} {
			b = binary.LittleEndian.AppendUint32(b, n)
		}
	}
	return b
}

// ParseMark is the way back from Map.Mark. It returns an error if the value is none that Mark returns, or the map is
// not Reversible.
func ParseMark(value []byte) (m Map, err error) {
	switch ranges := (len(value) - markBase) / markRange; {
	case len(value) == markBase:
		m = From(binary.LittleEndian.Uint32(value))
	case len(value) < markBase || (len(value)-markBase)%markRange != 0 || ranges > 2*rangesMax:
		return Map{}, errMark
	default:
		users, list := binary.LittleEndian.Uint32(value), make([]Range, ranges)
		if uint64(users) >= uint64(ranges) || users == 0 {
			return Map{}, errMark
		}
		for i := range list {
			at := value[markBase+i*markRange:]
			list[i] = Range{binary.LittleEndian.Uint32(at), binary.LittleEndian.Uint32(at[4:]), binary.LittleEndian.Uint32(at[8:])}
		}
		m = Map{UIDs: list[:users:users], GIDs: list[users:]}
	}
	if m.Reversible() != nil || m.Same(From(0)) {
		return Map{}, errMark
	}
	return m, nil
}

// Same reports whether two maps are the same.
func (m Map) Same(o Map) bool { return slices.Equal(m.UIDs, o.UIDs) && slices.Equal(m.GIDs, o.GIDs) }

// checkRange returns an error if a range has no id, or ends behind the last one.
func checkRange(r Range) error {
	if r.Count == 0 || uint64(r.Outside)+uint64(r.Count) > math.MaxUint32 || uint64(r.Inside)+uint64(r.Count) > math.MaxUint32 {
		return errRange
	}
	return nil
}

var errRange = errors.New("its ids are out of range: the last one is 4294967294")

package domain

import (
	"cmp"
	"slices"

	"libvirt.org/go/libvirtxml"
)

// maxRanges is the kernel's limit of lines in uid_map (user_namespaces(7), since 4.15).
const maxRanges = 340

func readIDMap(d *Def, x *document) (err error) {
	if x.IDMap == nil {
		return nil
	}
	if (len(x.IDMap.UIDs) == 0) != (len(x.IDMap.GIDs) == 0) {
		return unsupported("domain/idmap", "uid and gid should be mapped both")
	}
	if d.IDMap.UIDs, err = idRanges("domain/idmap/uid", x.IDMap.UIDs); err != nil {
		return err
	}
	d.IDMap.GIDs, err = idRanges("domain/idmap/gid", x.IDMap.GIDs)
	return err
}

func idRanges(at string, list []libvirtxml.DomainIDMapRange) ([]IDRange, error) {
	if len(list) > maxRanges {
		return nil, invalid(at, "there are %d ranges, and the kernel takes %d", len(list), maxRanges)
	}
	var out []IDRange
	for _, r := range list {
		// 2^32-1 is no id: it means "none" (chown(2)).
		const end = 1<<32 - 1
		switch {
		case r.Count == 0:
			return nil, invalid(at+"@count", "a range of 0 ids maps nothing")
		case r.Start >= end || r.Target >= end || r.Count > end || r.Start+r.Count > end || r.Target+r.Count > end:
			return nil, invalid(at, "the range start %d, target %d, count %d goes beyond 32-bit ids", r.Start, r.Target, r.Count)
		}
		out = append(out, IDRange{Start: uint32(r.Start), Target: uint32(r.Target), Count: uint32(r.Count)})
	}
	if err := overlap(at, "target", out, func(r IDRange) uint32 { return r.Target }); err != nil {
		return nil, err
	}
	if err := overlap(at, "start", out, func(r IDRange) uint32 { return r.Start }); err != nil {
		return nil, err
	}
	if len(out) > 0 && out[0].Start != 0 {
		return nil, unsupported(at, "you must map the root user of the container: one range must start at 0")
	}
	return out, nil
}

// overlap sorts by one side and refuses ids that are there twice.
func overlap(at, side string, list []IDRange, of func(IDRange) uint32) error {
	slices.SortFunc(list, func(a, b IDRange) int { return cmp.Compare(of(a), of(b)) })
	for i := 1; i < len(list); i++ {
		if a := list[i-1]; uint64(of(a))+uint64(a.Count) > uint64(of(list[i])) {
			return invalid(at+"@"+side, "the ranges from %d and from %d overlap", of(a), of(list[i]))
		}
	}
	return nil
}

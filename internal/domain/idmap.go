package domain

import (
	"cmp"
	"slices"
)

// maxRanges is the kernel's limit for the lines of uid_map (user_namespaces(7), since Linux 4.15).
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

// rootCanBeMapped returns an error if a container with a user namespace would have the host's own
// root directory. The owners of its files would be mapped, so the container's root would own the
// host's files. The kernel does not map a tree that contains a proc, either.
func rootCanBeMapped(d *Def, _ *document) error {
	at := "domain/idmap"
	if d.Extension.AutoIDMap {
		at = "domain/berth:container/berth:idmap"
	} else if !d.IDMap.Enabled() {
		return nil
	}
	if root, private := d.Root(); private && root.Source != "/" {
		return nil
	}
	return unsupported(at, "the host's root directory cannot be mapped; a container with an idmap must have a <filesystem> with the target / and a source of its own")
}

func idRanges(at string, list []idRange) ([]IDRange, error) {
	if len(list) > maxRanges {
		return nil, invalid(at, "there are %d ranges; the kernel's limit is %d", len(list), maxRanges)
	}
	var out []IDRange
	for _, x := range list {
		r, err := x.read(at)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
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

func (x *idRange) read(at string) (IDRange, error) {
	for _, a := range []struct {
		name  string
		value *uint64
	}{{"start", x.Start}, {"target", x.Target}, {"count", x.Count}} {
		if a.value == nil {
			return IDRange{}, invalid(at+"@"+a.name, "it is missing: a range has start, target and count")
		}
	}
	start, target, count := *x.Start, *x.Target, *x.Count
	// 2^32-1 is not an id: it means "none" (chown(2)).
	const end = 1<<32 - 1
	switch {
	case count == 0:
		return IDRange{}, invalid(at+"@count", "a range of 0 ids maps nothing")
	case start >= end || target >= end || count > end || start+count > end || target+count > end:
		return IDRange{}, invalid(at, "the range start %d, target %d, count %d goes beyond 32-bit ids", start, target, count)
	}
	return IDRange{Start: uint32(start), Target: uint32(target), Count: uint32(count)}, nil
}

// overlap sorts list by the given side. It returns an error if two ranges share an id on that side.
func overlap(at, side string, list []IDRange, of func(IDRange) uint32) error {
	slices.SortFunc(list, func(a, b IDRange) int { return cmp.Compare(of(a), of(b)) })
	for i := 1; i < len(list); i++ {
		if a := list[i-1]; uint64(of(a))+uint64(a.Count) > uint64(of(list[i])) {
			return invalid(at+"@"+side, "the ranges from %d and from %d overlap", of(a), of(list[i]))
		}
	}
	return nil
}

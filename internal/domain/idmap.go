package domain

import (
	"cmp"
	"fmt"
	"slices"
)

// The kernel's limits for uid_map and gid_map (user_namespaces(7), since Linux 4.15).
const (
	maxRanges   = 340  // lines
	maxMapBytes = 4095 // all lines together: less than the smallest page
)

func readIDMap(d *Def, x *document, f *faults) {
	if x.IDMap == nil {
		return
	}
	if (len(x.IDMap.UIDs) == 0) != (len(x.IDMap.GIDs) == 0) {
		f.unsupported("domain/idmap", "uid and gid should be mapped both")
	}
	d.IDMap.UIDs = idRanges("domain/idmap/uid", x.IDMap.UIDs, f)
	d.IDMap.GIDs = idRanges("domain/idmap/gid", x.IDMap.GIDs, f)
}

// rootCanBeMapped notes a container with a user namespace that would have the host's own root directory. The
// owners of its files would be mapped, so the container's root would own the host's files. The kernel does
// not map a tree that contains a proc, either.
func rootCanBeMapped(d *Def, _ *document, f *faults) {
	at := "domain/idmap"
	if d.Extension.AutoIDMap {
		at = "domain/berth:container/berth:idmap"
	} else if !d.IDMap.Enabled() {
		return
	}
	if root, private := d.Root(); private && root.Source != "/" || f.within(atFS) {
		return
	}
	f.unsupported(at, "the host's root directory cannot be mapped; a container with an idmap must have a <filesystem> with the target / and a source of its own")
}

// placedRange is a range with its place in the document.
type placedRange struct {
	IDRange
	at string
}

func idRanges(at string, list []idRange, f *faults) []IDRange {
	if len(list) > maxRanges {
		f.invalid(nth(at, maxRanges), "there are %d ranges; the kernel's limit is %d", len(list), maxRanges)
		return nil
	}
	var placed []placedRange
	for i, x := range list {
		r, e := x.read(nth(at, i))
		f.add(e)
		if e == nil {
			placed = append(placed, placedRange{r, nth(at, i)})
		}
	}
	f.overlap("target", placed, func(r placedRange) uint32 { return r.Target })
	f.overlap("start", placed, func(r placedRange) uint32 { return r.Start })
	var out []IDRange
	for _, r := range placed {
		out = append(out, r.IDRange)
	}
	if len(placed) == len(list) && len(out) > 0 && out[0].Start != 0 {
		f.unsupported(at, "you must map the root user of the container: one range must start at 0")
	}
	f.add(fitsPage(at, out))
	return out
}

// fitsPage returns an error if the lines of uid_map or gid_map are more than the kernel reads: less than a page.
func fitsPage(at string, list []IDRange) *Error {
	size := 0
	for _, r := range list {
		size += len(fmt.Sprintf("%d %d %d\n", r.Start, r.Target, r.Count))
	}
	if size > maxMapBytes {
		return invalid(at, "the %d ranges have %d bytes as lines of numbers; the kernel's limit is %d; use fewer ranges", len(list), size, maxMapBytes)
	}
	return nil
}

func (x *idRange) read(at string) (IDRange, *Error) {
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

// overlap sorts list by the given side. It notes a range that shares an id on that side with another.
func (f *faults) overlap(side string, list []placedRange, of func(placedRange) uint32) {
	slices.SortFunc(list, func(a, b placedRange) int { return cmp.Compare(of(a), of(b)) })
	for i := 1; i < len(list); i++ {
		if a := list[i-1]; uint64(of(a))+uint64(a.Count) > uint64(of(list[i])) {
			f.invalid(list[i].at+"@"+side, "the ranges from %d and from %d overlap", of(a), of(list[i]))
		}
	}
}

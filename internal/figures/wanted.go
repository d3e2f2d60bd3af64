package figures

import "slices"

// Wanted says which figures somebody asks for: those of groups, and single ones. The zero value is none.
type Wanted struct {
	groups Group
	single uint64 // a bit for each figure
}

// Of returns all figures of groups.
func Of(groups Group) Wanted { return Wanted{groups: groups} }

// And returns what is wanted together with single figures.
func (w Wanted) And(list ...Figure) Wanted {
	for _, f := range list {
		w.single |= 1 << f
	}
	return w
}

// Has reports whether a figure is wanted.
func (w Wanted) Has(f Figure) bool { return w.single&(1<<f) != 0 || w.groups.Has(f.Group()) }

// HasAny reports whether one of some figures is wanted.
func (w Wanted) HasAny(list ...Figure) bool {
	return slices.ContainsFunc(list, w.Has)
}

// Whole reports whether a group is wanted as such, with what it has besides figures.
func (w Wanted) Whole(g Group) bool { return w.groups.Has(g) }

// Touches reports whether a figure of a group is wanted.
func (w Wanted) Touches(g Group) bool {
	if w.groups.Has(g) {
		return true
	}
	for f := range Count {
		if w.Has(f) && f.Group() == g {
			return true
		}
	}
	return false
}

// Group returns the group of a figure.
func (f Figure) Group() Group {
	switch {
	case f <= StateChangedUSec:
		return State
	case f <= CPUThrottledUSec:
		return CPU
	case f <= MemoryOOMKills:
		return Memory
	case f <= IOWriteOperations:
		return IO
	case f <= TasksMaxEvents:
		return PIDs
	case f <= IOPressureFullAvg10:
		return Pressure
	}
	return Net
}

// Keep takes away what nobody wants: a file has more than one figure.
func (s *Set) Keep(w Wanted) {
	for f := range Count {
		if !w.Has(f) {
			s.known &^= 1 << f
		}
	}
}

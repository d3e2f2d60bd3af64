package figures

import (
	"slices"
	"testing"
)

// TestNames: every figure has a name of its own, by which it is found, and the groups have theirs.
func TestNames(t *testing.T) {
	t.Parallel()
	var seen []string
	for f := range Count {
		name := f.String()
		got, ok := Named([]byte(name))
		if name == "" || !ok || got != f || slices.Contains(seen, name) {
			t.Errorf("figure %d has the name %q, which is that of %d, %v", f, name, got, ok)
		}
		seen = append(seen, name)
	}
	if f, ok := Named([]byte("new")); ok {
		t.Errorf("a figure that nobody knows is %v", f)
	}
	all := Group(0)
	for _, name := range GroupNames() {
		g, ok := GroupOf(name)
		if !ok || all.Has(g) {
			t.Errorf("group %s is %d, %v", name, g, ok)
		}
		all |= g
	}
	if _, ok := GroupOf("new"); ok || all != All {
		t.Errorf("the groups are %b, not %b", all, All)
	}
}

// TestAbsent: a figure that was not entered is absent, and one that is zero is known.
func TestAbsent(t *testing.T) {
	t.Parallel()
	var s Set
	if _, ok := s.Get(TasksCurrent); ok || s.Len() != 0 {
		t.Error("an empty set has figures")
	}
	s.Put(TasksCurrent, 0)
	s.Add(IOReadBytes, 3)
	s.Add(IOReadBytes, 4)
	if n, ok := s.Get(TasksCurrent); n != 0 || !ok || s.Len() != 2 {
		t.Errorf("tasks: %d, %v, of %d figures", n, ok, s.Len())
	}
	if n, ok := s.Get(IOReadBytes); n != 7 || !ok {
		t.Errorf("read: %d, %v", n, ok)
	}
}

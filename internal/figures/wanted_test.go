package figures

import "testing"

// TestWanted: what is wanted is all figures of the groups, and the single ones, and nothing else is kept.
func TestWanted(t *testing.T) {
	t.Parallel()
	w := Of(PIDs).And(MemoryPeak, StartedUSec, IOPressureFullAvg10)
	want := []Figure{StartedUSec, MemoryPeak, TasksCurrent, TasksMax, TasksMaxEvents, IOPressureFullAvg10}
	var s Set
	for f := range Count {
		s.Put(f, 1)
	}
	s.Keep(w)
	for f := range s.All() {
		if len(want) == 0 || want[0] != f {
			t.Fatalf("%v is kept; want %v", f, want)
		}
		want = want[1:]
	}
	if len(want) > 0 {
		t.Errorf("%v are missing", want)
	}
	if !w.Whole(PIDs) || w.Whole(Memory) || !w.HasAny(MemoryMax, MemoryPeak) || w.HasAny(MemoryMax, CPUPeriods) {
		t.Errorf("%+v is not what it was made of", w)
	}
	if !w.Touches(PIDs) || !w.Touches(Memory) || w.Touches(Net) || !(Wanted{}).And(NetTransmitBytes).Touches(Net) || w.Touches(CPU) {
		t.Errorf("%+v touches other groups", w)
	}
}

// TestGroupsOfFigures: each figure is of one group, and each group has some.
func TestGroupsOfFigures(t *testing.T) {
	t.Parallel()
	var all Group
	for f := range Count {
		g := f.Group()
		if all |= g; g == 0 || g&(g-1) != 0 || f > 0 && g < (f-1).Group() {
			t.Errorf("%v is of the group %b", f, g)
		}
	}
	if all != All {
		t.Errorf("the groups are %b", all)
	}
}

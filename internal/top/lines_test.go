package top

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/berthd/berth/test/goldenfile"
)

// TestLines: what the screen shows of given figures, in each size and each mode, is what its golden file has.
func TestLines(t *testing.T) {
	t.Parallel()
	all := Options{Columns: ColumnNames()}
	for name, tc := range map[string]struct {
		options       Options
		keys          []Key
		width, height int
	}{
		"usual":          {Options{}, nil, 80, 12},
		"narrow":         {Options{}, nil, 50, 12},
		"very narrow":    {Options{}, nil, 5, 12},
		"wide, all":      {all, nil, 140, 12},
		"small":          {Options{}, nil, 20, 5},
		"small, asked":   {Options{}, []Key{"/", "e"}, 20, 5},
		"low":            {Options{}, nil, 80, 6},
		"nothing fits":   {Options{}, nil, 80, 2},
		"no room at all": {Options{}, nil, 0, 0},
		"by memory":      {Options{Sort: "memory"}, nil, 80, 12},
		"filtered":       {Options{Filter: "B"}, nil, 80, 12},
		"filtered away":  {Options{Filter: "nothing"}, nil, 80, 12},
		"active only":    {Options{Active: true}, nil, 80, 12},
		"at the filter":  {Options{}, append([]Key{"/"}, typed("größ")...), 80, 12},
		"columns":        {Options{}, []Key{"f", Down, Down, " "}, 80, 24},
		"low, columns":   {Options{}, []Key{"f", Up, Down, Down, Down, Down, Down, Down, Down}, 80, 10},
		"help":           {Options{}, []Key{"?"}, 80, 24},
		"scrolled":       {Options{}, []Key{Down, Down}, 80, 7},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := view(t, tc.options)
			v.Lines(tc.width, tc.height)
			press(v, tc.keys...)
			compare(t, strings.NewReplacer(" ", "-", ",", "").Replace(name), screen(v, tc.width, tc.height))
		})
	}
}

// TestSummaryWithoutController: memory that the host does not count has no sum, which is not zero.
func TestSummaryWithoutController(t *testing.T) {
	t.Parallel()
	for memory, want := range map[bool]string{true: "Mem: 0 (0.0%)", false: "Mem: -"} {
		v, err := New(host(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		c := Container{Name: "web", State: "running", ID: 7}
		if memory {
			c.Figures.Put(Memory, 0)
		}
		v.See(Look{Containers: []Container{c}})
		if got := v.Lines(80, 24)[2].Text; !strings.HasSuffix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func compare(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	goldenfile.Check(t, file, got)
}

// TestBatch: batch output and CSV have all rows and columns, whatever a screen would hold.
func TestBatch(t *testing.T) {
	t.Parallel()
	v := view(t, Options{})
	compare(t, "batch", strings.Join(v.Batch(), "\n")+"\n")
	v = view(t, Options{Columns: ColumnNames(), Sort: "name"})
	csv := strings.Join(v.CSVHead(), ",") + "\n"
	for _, row := range v.CSVRows() {
		csv += strings.Join(row, ",") + "\n"
	}
	compare(t, "csv", csv)
}

// TestNoContainers: without containers, and before the first look, the screen says so and has no rows.
func TestNoContainers(t *testing.T) {
	t.Parallel()
	v, err := New(host(), Options{Seconds: 1})
	if err != nil {
		t.Fatal(err)
	}
	if got := screen(v, 80, 24); strings.Contains(got, "no containers") || !strings.Contains(got, "0 domains") {
		t.Errorf("before the first look:\n%s", got)
	}
	v.See(Look{NSec: 1, Clock: "12:00:00"})
	if got := screen(v, 80, 24); !strings.Contains(got, "\n |no containers\n") {
		t.Errorf("without containers:\n%s", got)
	}
	if got := len(v.Batch()); got != 5 {
		t.Errorf("batch has %d lines", got)
	}
}

// TestFailure: while looks fail, the screen says why and keeps what was seen last, until one succeeds.
func TestFailure(t *testing.T) {
	t.Parallel()
	v := view(t, Options{})
	v.Fail("berthd ended before it answered")
	if got := screen(v, 80, 24); !strings.Contains(got, "N|berthd ended before it answered\n") || !strings.Contains(got, " web\n") {
		t.Errorf("after a failure:\n%s", got)
	}
	before, now := fleet()
	now.NSec += before.NSec
	v.See(now)
	if got := screen(v, 80, 24); strings.Contains(got, "berthd") {
		t.Errorf("after a success:\n%s", got)
	}
}

// TestManyRows: of a thousand containers, those that fit are shown, and every one can be scrolled to, also after a
// resize.
func TestManyRows(t *testing.T) {
	t.Parallel()
	v, err := New(host(), Options{Sort: "name", Seconds: 1})
	if err != nil {
		t.Fatal(err)
	}
	var l Look
	for n := range 1000 {
		l.Containers = append(l.Containers, container(fmt.Sprintf("c%04d", n), "running", uint32(n+1), 1, 1, 1, 1))
	}
	v.See(l)
	rowsOf := func(height int) (first, last string, count int) {
		lines := v.Lines(80, height)
		name := func(l Line) string { return l.Text[strings.LastIndexByte(l.Text, ' ')+1:] }
		heads := slices.IndexFunc(lines, func(l Line) bool { return l.Style == Head })
		return name(lines[heads+1]), name(lines[len(lines)-1]), len(lines)
	}
	for _, step := range []struct {
		key         Key
		height      int
		first, last string
	}{
		{Home, 25, "c0000", "c0019"},
		{PageDown, 25, "c0020", "c0039"},
		{Down, 25, "c0021", "c0040"},
		{End, 25, "c0980", "c0999"},
		{PageDown, 25, "c0980", "c0999"},
		{Down, 105, "c0900", "c0999"},
		{PageUp, 105, "c0800", "c0899"},
		{Up, 7, "c0799", "c0801"},
		{Home, 25, "c0000", "c0019"},
		{Up, 25, "c0000", "c0019"},
	} {
		v.Press(step.key)
		if first, last, count := rowsOf(step.height); first != step.first || last != step.last || count != step.height {
			t.Errorf("%s at height %d: %s to %s, %d lines", step.key, step.height, first, last, count)
		}
	}
	v.See(Look{NSec: 1, Containers: l.Containers[:3]})
	v.Press(End)
	if first, last, count := rowsOf(25); first != "c0000" || last != "c0002" || count != 8 {
		t.Errorf("after most ended: %s to %s, %d lines", first, last, count)
	}
}

package report

import (
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/test/bench/proto"
	"github.com/berthd/berth/test/goldenfile"
)

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	goldenfile.Check(t, path, got)
}

// measured is a run in which Berth misses a few targets.
func measured() *Report {
	return &Report{
		Machine: Machine{CPU: "Example CPU", Cores: 2, Kernel: "6.1.0", Systemd: "252", Before: "0.1 0.2 0.3", After: "1.1 1.2 1.3"},
		Peers: []Peer{
			{Name: "berth", Version: "berth 1", Note: "by D-Bus"},
			{Name: "nspawn", Version: "systemd 252", Note: "registered"},
			{Name: "crun", Version: "crun 1.8", Problem: "start 3: no room"},
		},
		Warm: []Series{
			{Peer: "floor", Samples: []float64{6}},
			{Peer: "berth", Samples: []float64{9, 8, 10}, Returned: []float64{10, 10, 11}},
			{Peer: "berth-userns", Samples: []float64{11, 12, 10.5}},
			{Peer: "berth-veth", Samples: []float64{12, 13, 11.5}},
			{Peer: "berth-dynmods", Samples: []float64{8}},
			{Peer: "nspawn", Samples: []float64{60, 50, 55}},
			{Peer: "libvirt", Samples: []float64{50}, Returned: []float64{51}},
		},
		Cold: []Series{
			{Peer: "berth", Samples: []float64{30}},
			{Peer: "berth-dynmods", Samples: []float64{12}},
			{Peer: "nspawn", Samples: []float64{50}},
			{Peer: "libvirt", Samples: []float64{70}},
		},
		After12: []Series{{Peer: "berth", Samples: []float64{12}, Returned: []float64{13}}, {Peer: "floor", Samples: []float64{10}}},
		After30: []Series{{Peer: "berth", Samples: []float64{20}}},
		Restart: []Series{{Peer: "berth", Samples: []float64{15}}, {Peer: "floor", Samples: []float64{6}}},
		Stop: []Series{
			{Peer: "berth", Samples: []float64{4, 6}},
			{Peer: "nspawn", Samples: []float64{2.5}},
		},
		Exec: []Series{
			{Peer: "floor", Samples: []float64{1}},
			{Peer: "berth", Samples: []float64{2, 2.5, 3}, First: []float64{4, 5, 6}},
			{Peer: "berth-userns", Samples: []float64{3}},
			{Peer: "nsenter", Samples: []float64{5}, First: []float64{6}},
			{Peer: "crun", Samples: []float64{20}, First: []float64{21}},
		},
		Inside: []Series{
			{Peer: "berth@systemd", Samples: []float64{2}, First: []float64{3}},
			{Peer: "systemd-run", Samples: []float64{10}, First: []float64{12}},
			{Peer: "machinectl-shell", Samples: []float64{6}},
		},
		Figures:   []Series{{Peer: "berth", Samples: []float64{12, 14}, Used: []float64{5}}, {Peer: "berth-top", Samples: []float64{6}, Used: []float64{2}}, {Peer: "systemd-cgtop", Samples: []float64{30}}},
		FiguresOf: 100,
		Answer:    []Series{{Peer: "berth-socket", Samples: []float64{30, 32}}},
		Many: []Many{
			{Peer: "berth", Count: 100, Callers: 1, Start: 1000, Stop: 200, First: 5, Last: 6},
			{Peer: "nspawn", Count: 100, Callers: 1, Start: 6000, Stop: 300},
			{Peer: "berth", Count: 100, Callers: 8, Start: 500, Stop: 200},
			{Peer: "floor", Count: 100, Callers: 8, Start: 400, Stop: 100},
		},
		Memory: []Memory{
			{Peer: "berth", Moment: "idle, before", Process: proto.Process{Program: "berthd", Count: 1, RSS: 12000, PSS: 11000, PrivateDirty: 6000, PrivateClean: 5000}},
			{Peer: "berth", Running: 100, Moment: "all running", Process: proto.Process{Program: "berth-supervisor", Count: 100, RSS: 3000, PSS: 900, PrivateDirty: 800, PrivateClean: 4}},
			{Peer: "berth", Running: 100, Moment: "all running", Process: proto.Process{Program: "berthd", Count: 1, RSS: 30000, PSS: 29000, PrivateDirty: 9000, PrivateClean: 5000}},
			{Peer: "berth", Moment: "idle, after", Process: proto.Process{Program: "berthd", Count: 1, RSS: 13000, PSS: 12000, PrivateDirty: 7000, PrivateClean: 5000}},
		},
		Profiles: []Profile{{Title: "Where a warm start of berth goes, seen from outside", Peer: "berth", Marks: []ProfileMark{
			{What: "scope's job done", Samples: []float64{3, 4}},
			{What: "init executed", Samples: []float64{7, 8}},
		}}},
	}
}

// TestPrint: a report is printed as its golden file, also without a single figure.
func TestPrint(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		report *Report
	}{
		{"measured", measured()},
		{"nothing", &Report{Peers: []Peer{{Name: "berth", Problem: "not installed"}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			if err := tt.report.Print(&out); err != nil {
				t.Fatal(err)
			}
			golden(t, tt.name+".golden", out.String())
		})
	}
}

// TestSpread: the first and the last tenth of many starts are told, of at least ten starts.
func TestSpread(t *testing.T) {
	t.Parallel()
	starts := slices.Repeat([]float64{4}, 30)
	starts[0], starts[1], starts[2], starts[28], starts[29] = 2, 3, 9, 8, 8
	var many, few Many
	many.Spread(starts)
	few.Spread(starts[:9])
	if want := (Many{First: 3, Last: 8}); many != want || few != (Many{}) {
		t.Errorf("got %+v and %+v", many, few)
	}
}

// TestVerdict: a figure at its limit meets the target, and a missing one is not measured.
func TestVerdict(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		target target
		want   string
	}{
		{"below a ceiling", target{measured: 9, limit: 10}, met},
		{"at a ceiling", target{measured: 10, limit: 10}, met},
		{"above a ceiling", target{measured: 11, limit: 10}, missed},
		{"above a floor", target{measured: 81, limit: 80, above: true}, met},
		{"at a floor", target{measured: 80, limit: 80, above: true}, met},
		{"below a floor", target{measured: 79, limit: 80, above: true}, missed},
		{"no ceiling's figure", target{measured: math.NaN(), limit: 10}, notMeasured},
		{"no floor's figure", target{measured: math.NaN(), limit: 80, above: true}, notMeasured},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.target.verdict(); got != tt.want {
				t.Errorf("verdict() = %q, want %q", got, tt.want)
			}
		})
	}
}

// TestProfileSort: marks are sorted by their median.
func TestProfileSort(t *testing.T) {
	t.Parallel()
	var p Profile
	for _, m := range []proto.Mark{{What: "late", At: 9}, {What: "early", At: 2}, {What: "late", At: 7}} {
		p.Add(m)
	}
	p.Sort()
	want := []ProfileMark{{"early", []float64{2}}, {"late", []float64{9, 7}}}
	if diff := cmp.Diff(want, p.Marks); diff != "" {
		t.Errorf("marks (-want +got):\n%s", diff)
	}
}

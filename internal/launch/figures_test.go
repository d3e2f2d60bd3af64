package launch

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/figures"
)

// hierarchy makes a directory with the files of a scope, /a.scope, and returns a reader of it and the scope's id.
func hierarchy(t testing.TB, files map[string]string) (*Cgroups, uint64) {
	t.Helper()
	at := t.TempDir()
	for name, text := range files {
		file := filepath.Join(at, "a.scope", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	g := &Cgroups{mountPoint: at}
	id, err := g.ID("/a.scope")
	if err != nil {
		t.Fatal(err)
	}
	return g, id
}

func numbers(s *figures.Set) map[string]uint64 {
	all := map[string]uint64{}
	for f, value := range s.All() {
		all[f.String()] = value
	}
	return all
}

// whole is a scope on a host with all controllers.
func whole() map[string]string {
	return map[string]string{
		"cpu.stat":                    "usage_usec 90\nuser_usec 80\nsystem_usec 10\nnr_periods 5\nnr_throttled 2\nthrottled_usec 99\n",
		"payload/cpu.stat":            "usage_usec 30\nuser_usec 20\nsystem_usec 10\nnr_periods 0\nnr_throttled 0\nthrottled_usec 0\n",
		"memory.current":              "900\n",
		"memory.max":                  "5000\n",
		"memory.events":               "low 0\nhigh 1\nmax 2\noom 3\noom_kill 4\n",
		"payload/memory.current":      "800\n",
		"payload/memory.peak":         "850\n",
		"payload/memory.swap.current": "7\n",
		"payload/memory.max":          "max\n",
		"payload/memory.stat":         "anon 1\nfile 2\nkernel 3\nshmem 4\npgfault 5\npgmajfault 6\n",
		"payload/io.stat":             "7:0 rbytes=1 wbytes=2 rios=3 wios=4\n0:77 rbytes=10 wbytes=0 rios=0 wios=0\n",
		"pids.max":                    "20\n",
		"pids.events":                 "max 3\n",
		"payload/pids.current":        "6\n",
		"payload/cpu.pressure":        "some avg10=0.50 avg60=0.00 avg300=0.00 total=11\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=12\n",
		"payload/memory.pressure":     "some avg10=0.00 avg60=0.00 avg300=0.00 total=13\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=14\n",
		"payload/io.pressure":         "some avg10=0.00 avg60=0.00 avg300=0.00 total=15\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=16\n",
	}
}

// TestFigures: what is used is read of the payload, and what limits do of the scope.
func TestFigures(t *testing.T) {
	t.Parallel()
	g, id := hierarchy(t, whole())
	var got figures.Figures
	if err := g.Figures().Read(&got, "/a.scope", id, figures.Of(figures.All)); err != nil {
		t.Fatal(err)
	}
	want := map[string]uint64{
		"cpu-usage-usec": 30, "cpu-user-usec": 20, "cpu-system-usec": 10,
		"cpu-periods": 5, "cpu-throttled-periods": 2, "cpu-throttled-usec": 99,
		"memory-current": 800, "memory-peak": 850, "memory-swap-current": 7, "memory-max": 5000,
		"memory-anon": 1, "memory-file": 2, "memory-kernel": 3, "memory-shmem": 4, "memory-page-faults": 5, "memory-major-page-faults": 6,
		"memory-high-events": 1, "memory-max-events": 2, "memory-oom-events": 3, "memory-oom-kills": 4,
		"io-read-bytes": 11, "io-write-bytes": 2, "io-read-operations": 3, "io-write-operations": 4,
		"tasks-current": 6, "tasks-max": 20, "tasks-max-events": 3,
		"cpu-pressure-some-avg10-permyriad": 50, "cpu-pressure-some-usec": 11,
		"cpu-pressure-full-avg10-permyriad": 0, "cpu-pressure-full-usec": 12,
		"memory-pressure-some-avg10-permyriad": 0, "memory-pressure-some-usec": 13,
		"memory-pressure-full-avg10-permyriad": 0, "memory-pressure-full-usec": 14,
		"io-pressure-some-avg10-permyriad": 0, "io-pressure-some-usec": 15,
		"io-pressure-full-avg10-permyriad": 0, "io-pressure-full-usec": 16,
	}
	if diff := cmp.Diff(want, numbers(&got.Set)); diff != "" {
		t.Errorf("figures differ (-want +got):\n%s", diff)
	}
	// No host has a device 0:77, and it has no name.
	if len(got.Block) != 2 || got.Block[0].Name != "0:77" || got.Block[0].ReadBytes != 10 {
		t.Errorf("the devices are %+v", got.Block)
	}
}

// TestFiguresOfGroups: only the groups that were asked for are read.
func TestFiguresOfGroups(t *testing.T) {
	t.Parallel()
	g, id := hierarchy(t, whole())
	for group, want := range map[figures.Group]int{figures.CPU: 6, figures.Memory: 14, figures.IO: 4, figures.PIDs: 3, figures.Pressure: 12, 0: 0} {
		var got figures.Figures
		if err := g.Figures().Read(&got, "/a.scope", id, figures.Of(group)); err != nil || got.Len() != want {
			t.Errorf("group %d has %d figures, %v; want %d", group, got.Len(), err, want)
		}
	}
}

// TestFiguresByName: only the files of the figures that were asked for are read.
func TestFiguresByName(t *testing.T) {
	t.Parallel()
	for want, file := range map[figures.Figure]string{
		figures.CPUUsageUSec: "payload/cpu.stat", figures.CPUThrottledUSec: "cpu.stat",
		figures.MemoryCurrent: "payload/memory.current", figures.MemoryKernel: "payload/memory.stat", figures.MemoryMax: "memory.max", figures.MemoryOOMKills: "memory.events",
		figures.IOWriteBytes: "payload/io.stat", figures.TasksCurrent: "payload/pids.current", figures.TasksMax: "pids.max",
		figures.MemoryPressureFullAvg10: "payload/memory.pressure",
	} {
		files := map[string]string{}
		for name, text := range whole() {
			if files[name] = text; name != file {
				files[name] = "much\n" // which would be an error
			}
		}
		g, id := hierarchy(t, files)
		var got figures.Figures
		err := g.Figures().Read(&got, "/a.scope", id, figures.Wanted{}.And(want))
		if _, known := got.Get(want); err != nil || !known || len(got.Block) > 0 {
			t.Errorf("%v: %v, %v, %d devices", want, known, err, len(got.Block))
		}
	}
}

// TestFiguresWithoutController: a figure that the host does not count is absent, and the others are there.
func TestFiguresWithoutController(t *testing.T) {
	t.Parallel()
	g, id := hierarchy(t, map[string]string{"cpu.stat": "usage_usec 9\n", "payload/cpu.stat": "usage_usec 3\nuser_usec 2\nsystem_usec 1\n"})
	var got figures.Figures
	err := g.Figures().Read(&got, "/a.scope", id, figures.Of(figures.All))
	want := map[string]uint64{"cpu-usage-usec": 3, "cpu-user-usec": 2, "cpu-system-usec": 1}
	if diff := cmp.Diff(want, numbers(&got.Set)); diff != "" || err != nil {
		t.Errorf("%v; figures differ (-want +got):\n%s", err, diff)
	}
}

// TestFiguresOfAnother: another group with the path of a container's has no figures of the container.
func TestFiguresOfAnother(t *testing.T) {
	t.Parallel()
	g, id := hierarchy(t, whole())
	var got figures.Figures
	for path, id := range map[string]uint64{"/a.scope": id + 1, "/b.scope": id} {
		if err := g.Figures().Read(&got, path, id, figures.Of(figures.All)); !errors.Is(err, fs.ErrNotExist) || got.Len() > 0 {
			t.Errorf("%s: %d figures, %v", path, got.Len(), err)
		}
	}
}

// TestFiguresWithAFault: a file that cannot be understood is an error that names it, and all others are read.
func TestFiguresWithAFault(t *testing.T) {
	t.Parallel()
	files := whole()
	files["payload/memory.peak"] = "much\n"
	g, id := hierarchy(t, files)
	var got figures.Figures
	err := g.Figures().Read(&got, "/a.scope", id, figures.Of(figures.All))
	if err == nil || err.Error() != `payload/memory.peak: "much" is no number of 64 bits` {
		t.Errorf("the error is %v", err)
	}
	if _, known := got.Get(figures.MemoryPeak); known || got.Len() != 38 {
		t.Errorf("there are %d figures, the peak %v", got.Len(), known)
	}
}

// TestRefusedForks: the kernel counts them in the scope, or below it where the fork was. Then the groups below are
// looked at only if the scope has ever been at its limit.
func TestRefusedForks(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		max, events, peak string
		want              uint64
	}{
		"Linux 6.11":               {"20\n", "max 9\n", "20\n", 9},
		"Linux 6.1":                {"20\n", "max 0\n", "20\n", 7},
		"Linux 6.1, limit lowered": {"20\n", "max 0\n", "30\n", 7},
		"never at the limit":       {"20\n", "max 0\n", "19\n", 0},
		"no limit":                 {"max\n", "max 0\n", "19\n", 0},
		"before Linux 6.0":         {"20\n", "max 0\n", "", 7},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{
				"pids.max": tc.max, "pids.events": tc.events, "payload/pids.current": "3\n", "supervisor/pids.events": "max 100\n",
				"payload/pids.events": "max 1\n", "payload/a/pids.events": "max 2\n", "payload/a/b/pids.events": "max 4\n",
			}
			if tc.peak != "" {
				files["pids.peak"] = tc.peak
			}
			g, id := hierarchy(t, files)
			var got figures.Figures
			if err := g.Figures().Read(&got, "/a.scope", id, figures.Of(figures.PIDs)); err != nil {
				t.Fatal(err)
			}
			if n, known := got.Get(figures.TasksMaxEvents); n != tc.want || !known {
				t.Errorf("got %d, %v; want %d", n, known, tc.want)
			}
		})
	}
}

// TestRefusedForksOfMany: a container with very many groups costs no more than others.
func TestRefusedForksOfMany(t *testing.T) {
	t.Parallel()
	files := map[string]string{"pids.max": "20\n", "pids.events": "max 0\n", "payload/pids.current": "3\n"}
	name := "payload"
	for range maxWalk + 20 {
		if name += "/g"; len(name) > unix.PathMax/4 {
			break
		}
		files[name+"/pids.events"] = "max 1\n"
	}
	g, id := hierarchy(t, files)
	var got figures.Figures
	err := g.Figures().Read(&got, "/a.scope", id, figures.Of(figures.PIDs))
	if n, _ := got.Get(figures.TasksMaxEvents); err != nil || n != maxWalk-1 {
		t.Errorf("%d groups were looked at, %v", n+1, err)
	}
}

// BenchmarkFigures: the figures of one container take some 50 us, without what the kernel needs to count them.
func BenchmarkFigures(b *testing.B) {
	g, id := hierarchy(b, whole())
	reader := g.Figures()
	for b.Loop() {
		var got figures.Figures
		if err := reader.Read(&got, "/a.scope", id, figures.Of(figures.All)); err != nil {
			b.Fatal(err)
		}
	}
}

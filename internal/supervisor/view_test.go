package supervisor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/cgroup"
)

// groups makes a directory that looks like a scope with a payload below a slice.
func groups(t *testing.T, files map[string]string) *cgroup.Dir {
	t.Helper()
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "slice/scope/payload"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(root, "slice", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d, err := cgroup.At(root, "slice/scope/payload")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// still is the clock of a container that has lived for so long, on a host that booted in 2027 and has run for
// 1000 s.
func still(lived time.Duration) clock {
	return clock{own: true, began: 1000*time.Second - lived, now: func(id int32) time.Duration {
		if id == unix.CLOCK_REALTIME {
			return 1_800_001_000 * time.Second
		}
		return 1000 * time.Second
	}}
}

func limited(t *testing.T) *view {
	t.Helper()
	v := &view{proc: "/proc/", clock: still(100 * time.Second)}
	v.group.Store(groups(t, map[string]string{
		"scope/payload/memory.max":            "max\n",
		"scope/memory.max":                    "67108864\n",
		"memory.max":                          "134217728\n",
		"scope/payload/memory.swap.max":       "max\n",
		"scope/memory.swap.max":               "0\n",
		"memory.swap.max":                     "max\n",
		"scope/payload/memory.current":        "33554432\n",
		"scope/payload/memory.swap.current":   "0\n",
		"scope/payload/memory.stat":           "anon 1048576\nfile 2097152\nactive_file 1048576\ninactive_file 1048576\nslab_reclaimable 0\n",
		"scope/payload/cpu.max":               "max 100000\n",
		"scope/cpu.max":                       "50000 100000\n",
		"scope/payload/cpu.stat":              "usage_usec 3000000\nuser_usec 2000000\nsystem_usec 1000000\n",
		"scope/payload/cpuset.cpus.effective": "0-1023\n",
		"scope/payload/pids.current":          "7\n",
	}))
	return v
}

// TestView: the files show the tightest limit of the control groups and the payload's own use.
func TestView(t *testing.T) {
	t.Parallel()
	v := limited(t)
	want := map[string][]string{
		"meminfo": {
			"MemTotal:          65536 kB\n", "MemFree:           32768 kB\n", "MemAvailable:      34816 kB\n",
			"SwapTotal:             0 kB\n", "AnonPages:          1024 kB\n", "Cached:             2048 kB\n",
		},
		"swaps":   {"Filename"},
		"cpuinfo": {"processor\t: 0\n"},
		"stat":    {"cpu  200 0 100 9700 0 0", "cpu0 200 0 100 9700 0 0", "\nbtime 1800000900\n"},
		"uptime":  {"100.00 97.00\n"},
		"loadavg": {"1/7 0\n"},
	}
	for _, f := range v.files() {
		got := string(f.Content(nil))
		for _, w := range want[f.Name] {
			if !strings.Contains(got, w) {
				t.Errorf("%s: no %q in\n%.400s", f.Name, w, got)
			}
		}
		if strings.Contains(got, "cpu1 ") || strings.Contains(got, ": 1\n") && f.Name == "cpuinfo" && strings.Contains(got, "processor\t: 1\n") {
			t.Errorf("%s: half a processor became more than one:\n%.200s", f.Name, got)
		}
	}
}

// TestViewBeforeTheGroup: until init is in its group, the host's figures are given.
func TestViewBeforeTheGroup(t *testing.T) {
	t.Parallel()
	for _, f := range (&view{proc: "/proc/", clock: still(0)}).files() {
		if len(f.Content(nil)) == 0 {
			t.Errorf("%s is empty", f.Name)
		}
	}
}

// TestViewLeavesNoGarbage: a read allocates nothing, since the collector costs more memory than the
// whole supervisor.
func TestViewLeavesNoGarbage(t *testing.T) {
	v := limited(t)
	dst := make([]byte, 0, 64<<10)
	for _, f := range v.files() {
		f.Content(dst)
		if n := testing.AllocsPerRun(100, func() { f.Content(dst) }); n > 0 {
			t.Errorf("%s: %v allocations", f.Name, n)
		}
	}
}

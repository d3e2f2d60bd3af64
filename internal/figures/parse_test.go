package figures

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// known returns the figures of a set by name.
func known(s *Set) map[string]uint64 {
	all := map[string]uint64{}
	for f, value := range s.All() {
		all[f.String()] = value
	}
	return all
}

// files are the files of a group with what they say.
func files() map[string]func(f *Figures, text []byte) error {
	return map[string]func(f *Figures, text []byte) error{
		"cpu.stat":          func(f *Figures, text []byte) error { return f.CPUUsage(text) },
		"cpu.stat of scope": func(f *Figures, text []byte) error { return f.CPUThrottling(text) },
		"memory.current":    func(f *Figures, text []byte) error { return f.Single(MemoryCurrent, text) },
		"memory.stat":       func(f *Figures, text []byte) error { return f.MemoryStat(text) },
		"memory.events":     func(f *Figures, text []byte) error { return f.MemoryEvents(text) },
		"pids.events":       func(f *Figures, text []byte) error { return f.PIDsEvents(text) },
		"cpu.pressure":      func(f *Figures, text []byte) error { return f.CPUPressure(text) },
		"memory.pressure":   func(f *Figures, text []byte) error { return f.MemoryPressure(text) },
		"io.pressure":       func(f *Figures, text []byte) error { return f.IOPressure(text) },
		"io.stat": func(f *Figures, text []byte) error {
			return f.IOStat(text, func(number string) string { return "disk" + number })
		},
	}
}

// TestFiles: each file of a control group gives the figures that it has, of every kernel, and garbage is an error.
func TestFiles(t *testing.T) {
	t.Parallel()
	const cpu = "usage_usec 10\nuser_usec 7\nsystem_usec 3\nnice_usec 1\ncore_sched.force_idle_usec 0\n" +
		"nr_periods 5\nnr_throttled 2\nthrottled_usec 99\nnr_bursts 0\nburst_usec 0\n"
	for name, tc := range map[string]struct {
		file, text string
		want       map[string]uint64
		fault      string
	}{
		"cpu":               {"cpu.stat", cpu, map[string]uint64{"cpu-usage-usec": 10, "cpu-user-usec": 7, "cpu-system-usec": 3}, ""},
		"quota":             {"cpu.stat of scope", cpu, map[string]uint64{"cpu-periods": 5, "cpu-throttled-periods": 2, "cpu-throttled-usec": 99}, ""},
		"no cpu controller": {"cpu.stat of scope", "usage_usec 10\nuser_usec 7\nsystem_usec 3\n", nil, ""},
		"number":            {"memory.current", "4096\n", map[string]uint64{"memory-current": 4096}, ""},
		"largest":           {"memory.current", "18446744073709551615\n", map[string]uint64{"memory-current": 1<<64 - 1}, ""},
		"too large":         {"memory.current", "18446744073709551616\n", nil, "no number of 64 bits"},
		"no limit":          {"memory.current", "max\n", nil, ""},
		"empty":             {"memory.current", "", nil, "no number"},
		"negative":          {"memory.current", "-1\n", nil, "no number of 64 bits"},
		"words":             {"memory.current", "many\n", nil, "no number of 64 bits"},
		"memory": {
			"memory.stat", "anon 1\nfile 2\nkernel 3\nkernel_stack 9\nshmem 4\npgfault 5\npgmajfault 6\nworkingset_refault_anon 7\n",
			map[string]uint64{
				"memory-anon": 1, "memory-file": 2, "memory-kernel": 3, "memory-shmem": 4, "memory-page-faults": 5, "memory-major-page-faults": 6,
			},
			"",
		},
		"memory, Linux 5.17": {"memory.stat", "anon 1\nfile 2\n", map[string]uint64{"memory-anon": 1, "memory-file": 2}, ""},
		"memory events": {
			"memory.events", "low 0\nhigh 1\nmax 2\noom 3\noom_kill 4\noom_group_kill 5\n",
			map[string]uint64{"memory-high-events": 1, "memory-max-events": 2, "memory-oom-events": 3, "memory-oom-kills": 4},
			"",
		},
		"pids events": {"pids.events", "max 12\n", map[string]uint64{"tasks-max-events": 12}, ""},
		"half a line": {"memory.events", "low 0\nhigh\n", nil, "high: no number"},
		"pressure": {
			"cpu.pressure", "some avg10=12.34 avg60=1.00 avg300=0.00 total=567\nfull avg10=0.05 avg60=0.00 avg300=0.00 total=8\n",
			map[string]uint64{
				"cpu-pressure-some-avg10-permyriad": 1234, "cpu-pressure-some-usec": 567,
				"cpu-pressure-full-avg10-permyriad": 5, "cpu-pressure-full-usec": 8,
			},
			"",
		},
		"pressure of memory": {"memory.pressure", "some total=1\n", map[string]uint64{"memory-pressure-some-usec": 1}, ""},
		"pressure of io":     {"io.pressure", "full avg10=100.00\n", map[string]uint64{"io-pressure-full-avg10-permyriad": 10000}, ""},
		"no percentage":      {"io.pressure", "full avg10=1.5 total=1\n", nil, "full: avg10: \"1.5\" is no percentage"},
		"over 100 %":         {"io.pressure", "full avg10=100000000000000000.00\n", nil, "no percentage"},
		"devices": {
			"io.stat", "253:1 \n8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=9 dios=9\n7:0\n252:0 rbytes=10 wbytes=20 rios=30 wios=40 cost.usage=1.5\n",
			map[string]uint64{"io-read-bytes": 11, "io-write-bytes": 22, "io-read-operations": 33, "io-write-operations": 44},
			"",
		},
		"no device used yet": {"io.stat", "", map[string]uint64{"io-read-bytes": 0, "io-write-bytes": 0, "io-read-operations": 0, "io-write-operations": 0}, ""},
		"device without":     {"io.stat", "8:0 rbytes=\n", nil, "device 8:0: rbytes: no number"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got Figures
			err := files()[tc.file](&got, []byte(tc.text))
			if tc.fault != "" {
				if err == nil || !strings.Contains(err.Error(), tc.fault) {
					t.Errorf("got %v; want %s", err, tc.fault)
				}
				return
			}
			if tc.want == nil {
				tc.want = map[string]uint64{}
			}
			if diff := cmp.Diff(tc.want, known(&got.Set)); diff != "" || err != nil {
				t.Errorf("%v; figures differ (-want +got):\n%s", err, diff)
			}
		})
	}
}

// TestDevices: each device that was used has its own figures, in the order of the names.
func TestDevices(t *testing.T) {
	t.Parallel()
	var got Figures
	err := files()["io.stat"](&got, []byte("8:0 rbytes=1 wbytes=2 rios=3 wios=4\n7:1\n253:0 rbytes=5\n"))
	want := []Device{{Name: "disk253:0", ReadBytes: 5}, {Name: "disk8:0", ReadBytes: 1, WriteBytes: 2, ReadOperations: 3, WriteOperations: 4}}
	if diff := cmp.Diff(want, got.Block); diff != "" || err != nil {
		t.Errorf("%v; devices differ (-want +got):\n%s", err, diff)
	}
	named := maps.Collect(want[1].Named())
	if diff := cmp.Diff(map[string]uint64{"read-bytes": 1, "write-bytes": 2, "read-operations": 3, "write-operations": 4}, named); diff != "" {
		t.Errorf("names differ (-want +got):\n%s", diff)
	}
	var again Device
	for name, value := range named {
		again.Put(name, value)
	}
	if again.Put("new", 1); again.WriteOperations != 4 || again.ReadBytes != 1 {
		t.Errorf("read back: %+v", again)
	}
}

// FuzzFiles: no text of a file breaks a reader, and none gives a figure that the file does not have.
func FuzzFiles(f *testing.F) {
	for _, text := range []string{"usage_usec 1\n", "some avg10=0.00 total=0\n", "8:0 rbytes=1\n", "max\n", "=\n", " \n\n", "a b c"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for file, read := range files() {
			var got Figures
			if err := read(&got, text); err == nil && got.Len() > 6 {
				t.Errorf("%s has %d figures", file, got.Len())
			}
		}
	})
}

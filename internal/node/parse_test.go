package node

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestParseList: a list of processors is read as the kernel writes it, and nothing else is.
func TestParseList(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]int{
		"": nil, "\n": nil, "0\n": {0}, "0-3": {0, 1, 2, 3}, "0,2-3,65535\n": {0, 2, 3, 65535},
	} {
		if got, err := ParseList(text); err != nil || !cmp.Equal(got, want) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"x", "-1", "1-", "3-1", "0,0", "0-3,2", "65536", "1,,2", "0-99999999999", "+1", "0x1", "1 2"} {
		if got, err := ParseList(text); err == nil || got != nil {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

// TestParseDistances: a row has one distance for each cell.
func TestParseDistances(t *testing.T) {
	t.Parallel()
	got, err := ParseDistances("10 21\n", []int{0, 2})
	if err != nil || !cmp.Equal(got, []Distance{{0, 10}, {2, 21}}) {
		t.Errorf("%v, %v", got, err)
	}
	for _, text := range []string{"", "10", "10 21 21", "10 x"} {
		if got, err := ParseDistances(text, []int{0, 2}); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}

const meminfo = "MemTotal:       16326752 kB\nMemFree:         1048576 kB\nMemAvailable:   4096 kB\nBuffers:             12 kB\nCached:          2048 kB\nSwapCached:  1 kB\n"

// TestParseMeminfo: the figures of the host and of a cell are read in bytes, and a file without them is an error.
func TestParseMeminfo(t *testing.T) {
	t.Parallel()
	got, err := ParseMeminfo(meminfo, All)
	if want := (Memory{All, 16326752 << 10, 1 << 30, 12 << 10, 2 << 20}); err != nil || got != want {
		t.Errorf("the host: %+v, %v", got, err)
	}
	cell := "Node 1 MemTotal:       12937436 kB\nNode 1 MemFree:        1024 kB\nNode 1 MemUsed: 7 kB\n"
	got, err = ParseMeminfo(cell, 1)
	if want := (Memory{Cell: 1, Total: 12937436 << 10, Free: 1 << 20}); err != nil || got != want {
		t.Errorf("a cell: %+v, %v", got, err)
	}
	for name, text := range map[string]string{
		"empty": "", "another cell": cell, "no number": strings.Replace(meminfo, "12", "x", 1), "too large": strings.Replace(meminfo, "12", "99999999999999999", 1),
		"one is missing": strings.Replace(meminfo, "Buffers", "Buffer", 1), "negative": strings.Replace(meminfo, "12", "-1", 1),
	} {
		if got, err := ParseMeminfo(text, All); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

const stat = `cpu  10 2 3 400 5 6 7 8 9 10
cpu0 10 2 3 400 5 6 7 0 0 0
cpu12 0 0 0 0 0 0 0
intr 12345 1
`

// TestParseStat: the times of the processors are read in nanoseconds: nice counts to user, interrupts to system.
func TestParseStat(t *testing.T) {
	t.Parallel()
	want := []CPUTime{
		{All, 12 * tick, 16 * tick, 400 * tick, 5 * tick}, {0, 12 * tick, 16 * tick, 400 * tick, 5 * tick}, {CPU: 12},
	}
	got, err := ParseStat(stat)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, want (-), got (+):\n%s", err, diff)
	}
	for _, text := range []string{
		"", "intr 1\n", "cpu0 1 2 3 4 5 6 7\n", "cpu 1 2 3 4 5 6\n", "cpu  1 2 3 4 5 6 x\n", stat + stat, "cpu 1 2 3 4 5 6 7\ncpux 1 2 3 4 5 6 7\n",
		"cpu 1 2 3 4 5 6 7\ncpu 1 2 3 4 5 6 7\n",
	} {
		if got, err := ParseStat(text); err == nil && text != stat+stat {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// TestParseMHz: the frequency is that of the first processor, without its fraction.
func TestParseMHz(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]uint32{
		"": 0,
		"processor\t: 0\ncpu MHz\t\t: 2596.096\ncpu MHz\t\t: 1200.000\n": 2596,
		"cpu MHz static  : 5200\n":                                       5200,
		"BogoMIPS\t: 48.00\n":                                            0,
		"cpu MHz\t\t: fast\n":                                            0,
	} {
		if got := ParseMHz(text); got != want {
			t.Errorf("%q: %d", text, got)
		}
	}
}

// FuzzKernelText: whatever a file of the kernel has, it is read as figures or is an error, never both.
func FuzzKernelText(f *testing.F) {
	for _, seed := range []string{meminfo, stat, "0-3,8\n", "10 20\n", "Node 1 MemTotal: 1 kB\n", "cpu MHz: 1\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if list, err := ParseList(text); (err != nil) && list != nil || len(list) > 1<<16 {
			t.Errorf("list: %d, %v", len(list), err)
		}
		if row, err := ParseDistances(text, []int{0, 1}); (err != nil) != (len(row) != 2) {
			t.Errorf("distances: %v, %v", row, err)
		}
		for _, cell := range []int{All, 1} {
			if m, err := ParseMeminfo(text, cell); err != nil && m != (Memory{}) || err == nil && m.Cell != cell {
				t.Errorf("meminfo: %+v, %v", m, err)
			}
		}
		if times, err := ParseStat(text); (err != nil) != (len(times) == 0) {
			t.Errorf("stat: %v, %v", times, err)
		}
		ParseMHz(text)
	})
}

package supervisor

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"testing"
)

// readings are the figures of the view's files, as procps and psutil read them.
type readings struct {
	all    [10]uint64 // the line cpu of stat
	each   [][10]uint64
	btime  uint64
	up     float64
	idle   float64
	memory map[string]uint64
	swaps  [2]uint64 // size and use, the sums of all areas
}

// read reads one file. It fails the test if the file is not as it must be.
func (r *readings) read(t *testing.T, name, text string) {
	t.Helper()
	if !strings.HasSuffix(text, "\n") {
		t.Fatalf("%s: it ends with no line: %q", name, text)
	}
	switch name {
	case "stat":
		r.readStat(t, text)
	case "uptime":
		if n, err := fmt.Sscanf(text, "%f %f\n", &r.up, &r.idle); n != 2 || err != nil {
			t.Errorf("%q: %v", text, err)
		}
	case "loadavg":
		var load [3]float64
		var running, total, last int
		n, err := fmt.Sscanf(text, "%f %f %f %d/%d %d\n", &load[0], &load[1], &load[2], &running, &total, &last)
		if n != 6 || err != nil || running < 1 || running > total {
			t.Errorf("%q: %v", text, err)
		}
	case "meminfo":
		r.readMeminfo(t, text)
	case "swaps":
		r.readSwaps(t, text)
	case "cpuinfo":
		if n := strings.Count(text, "processor\t: "); n < 1 || !strings.Contains(text, "processor\t: 0\n") || n > 1 && !strings.Contains(text, "processor\t: "+strconv.Itoa(n-1)+"\n") {
			t.Errorf("%d processors in\n%s", n, text)
		}
	}
}

func (r *readings) readStat(t *testing.T, text string) {
	t.Helper()
	r.each = nil
	for line := range strings.Lines(text) {
		var f [10]uint64
		name, rest, _ := strings.Cut(line, " ")
		if strings.HasPrefix(name, "cpu") {
			n, err := fmt.Sscan(rest, &f[0], &f[1], &f[2], &f[3], &f[4], &f[5], &f[6], &f[7], &f[8], &f[9])
			if n != 10 || err != nil {
				t.Errorf("%q: %v", line, err)
			}
		}
		switch name {
		case "cpu":
			r.all = f
		case "cpu" + strconv.Itoa(len(r.each)):
			r.each = append(r.each, f)
		case "btime":
			if _, err := fmt.Sscan(rest, &r.btime); err != nil {
				t.Errorf("%q: %v", line, err)
			}
		}
	}
	for field := range r.all {
		sum := uint64(0)
		for i := range r.each {
			sum += r.each[i][field]
		}
		if sum > r.all[field] || len(r.each) == 0 {
			t.Errorf("column %d: %d processors have %d, all %d, in\n%s", field, len(r.each), sum, r.all[field], text)
		}
	}
}

func (r *readings) readMeminfo(t *testing.T, text string) {
	t.Helper()
	r.memory = map[string]uint64{}
	for line := range strings.Lines(text) {
		name, rest, _ := strings.Cut(line, ":")
		var kib uint64
		if _, err := fmt.Sscan(rest, &kib); err != nil {
			t.Errorf("%q: %v", line, err)
		}
		r.memory[name] = kib
	}
	m := maps.Clone(r.memory)
	for what, sum := range map[string][2]uint64{
		"free, caches":   {m["MemFree"] + m["Buffers"] + m["Cached"] + m["SReclaimable"], m["MemTotal"]},
		"free, used":     {m["MemFree"] + m["AnonPages"] + m["Cached"] + m["Slab"] + m["KernelStack"] + m["PageTables"], m["MemTotal"]},
		"available":      {m["MemAvailable"], m["MemTotal"]},
		"swap":           {m["SwapFree"], m["SwapTotal"]},
		"active":         {m["Active(anon)"] + m["Active(file)"], m["Active"]},
		"active again":   {m["Active"], m["Active(anon)"] + m["Active(file)"]},
		"inactive":       {m["Inactive(anon)"] + m["Inactive(file)"], m["Inactive"]},
		"inactive again": {m["Inactive"], m["Inactive(anon)"] + m["Inactive(file)"]},
		"slab":           {m["SReclaimable"] + m["SUnreclaim"], m["Slab"]},
		"slab again":     {m["Slab"], m["SReclaimable"] + m["SUnreclaim"]},
	} {
		if sum[0] > sum[1] {
			t.Errorf("%s: %d KiB of %d in\n%s", what, sum[0], sum[1], text)
		}
	}
}

func (r *readings) readSwaps(t *testing.T, text string) {
	t.Helper()
	r.swaps = [2]uint64{}
	head, areas, _ := strings.Cut(text, "\n")
	if !strings.HasPrefix(head, "Filename") {
		t.Errorf("%q", text)
	}
	for line := range strings.Lines(areas) {
		var name, kind string
		var size, used uint64
		var priority int
		if _, err := fmt.Sscan(line, &name, &kind, &size, &used, &priority); err != nil || used > size {
			t.Errorf("%q: %v", line, err)
		}
		r.swaps[0] += size
		r.swaps[1] += used
	}
}

// compare compares with the readings before, and with what the container really uses.
func (r *readings) compare(t *testing.T, name string, before *readings, h *fakeHost) {
	t.Helper()
	for field := range r.all {
		if r.all[field] < before.all[field] {
			t.Errorf("column %d of all went from %d to %d", field, before.all[field], r.all[field])
		}
		for i := range min(len(r.each), len(before.each)) {
			if r.each[i][field] < before.each[i][field] {
				t.Errorf("column %d of processor %d went from %d to %d", field, i, before.each[i][field], r.each[i][field])
			}
		}
	}
	if r.up < before.up || r.idle < before.idle {
		t.Errorf("uptime went from %v %v to %v %v", before.up, before.idle, r.up, r.idle)
	}
	if before.btime != 0 && r.btime != before.btime {
		t.Errorf("btime went from %d to %d", before.btime, r.btime)
	}
	if swap := r.memory["SwapTotal"] - r.memory["SwapFree"]; name == "meminfo" && swap != h.swap>>10 {
		t.Errorf("%d KiB of swap are used, not %d", swap, h.swap>>10)
	}
	if name == "swaps" && r.swaps[1] != h.swap>>10 {
		t.Errorf("%d KiB of swap are used, not %d", r.swaps[1], h.swap>>10)
	}
	if want := (h.now - 1000e9).Seconds(); r.up > want {
		t.Errorf("up %v of %v", r.up, want)
	}
}

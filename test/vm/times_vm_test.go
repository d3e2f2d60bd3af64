//go:build vm

package vm

import (
	"math"
	"strconv"
	"strings"
	"testing"
)

// TestTimesOfOldKernel: the machine's kernel, Linux 6.1, has no time namespace that begins with execve(2). There
// uptime and btime are the host's, and the start of a process that is computed from them is right.
func TestTimesOfOldKernel(t *testing.T) {
	release := run(t, "uname", "-r")
	if !strings.HasPrefix(release, "6.1.") {
		t.Fatalf("the kernel is %s", release)
	}
	const look = "cut -d' ' -f1 /proc/uptime; sed -n 's/^btime //p' /proc/stat; cut -d' ' -f22 /proc/self/stat; date +%s"
	numbers := func(text string) (uptime, btime, start, now float64) {
		var f [4]float64
		for i, word := range strings.Fields(text) {
			n, err := strconv.ParseFloat(word, 64)
			if err != nil || i >= len(f) {
				t.Fatalf("%q: %v", text, err)
			}
			f[i] = n
		}
		return f[0], f[1], f[2] / 100, f[3]
	}
	g := guest{Name: "web", More: "<memory unit='MiB'>64</memory>"}
	g.start(t)
	before, hostBtime, _, _ := numbers(run(t, "sh", "-c", look))
	uptime, btime, start, now := numbers(g.says(t, look))
	after, _, _, _ := numbers(run(t, "sh", "-c", look))
	if uptime < before || uptime > after || math.Abs(btime-hostBtime) > 1 {
		t.Errorf("uptime %v, the host's %v to %v; btime %v, the host's %v", uptime, before, after, btime, hostBtime)
	}
	if math.Abs(uptime-start) > 5 || math.Abs(btime+start-now) > 5 {
		t.Errorf("a process of now started at %v of %v, and at %v of %v", start, uptime, btime+start, now)
	}
}

// TestCountersGrow: while a quota and a set of processors change, no time of /proc/stat and /proc/uptime goes
// back, and the processors together have no more than the line of all.
func TestCountersGrow(t *testing.T) {
	g := guest{Name: "web", More: "<memory unit='MiB'>64</memory>", Init: "while :; do :; done"}
	g.start(t)
	t.Cleanup(func() {
		run(t, "systemctl", "set-property", "--runtime", "machine.slice", "CPUQuota=", "AllowedCPUs=")
	})
	dir := "/proc/" + g.leader(t) + "/root"
	var before map[string]float64
	for _, limits := range [][]string{
		{"CPUQuota=80%"}, {"CPUQuota="}, {"AllowedCPUs=1"}, {"AllowedCPUs="}, {"CPUQuota=150%"}, {"CPUQuota=20%", "AllowedCPUs=0"}, {"CPUQuota=", "AllowedCPUs="},
	} {
		run(t, "systemctl", append([]string{"set-property", "--runtime", "machine.slice"}, limits...)...)
		for range 3 {
			now := counters(t, run(t, "cat", dir+"/proc/stat"), run(t, "cat", dir+"/proc/uptime"))
			for name, n := range before {
				if now[name] < n && (now[name] > 0 || !strings.HasPrefix(name, "cpu1 ")) {
					t.Errorf("%q: %s went from %v to %v", limits, name, n, now[name])
				}
			}
			for name, n := range now {
				before = keepMost(before, name, n)
			}
		}
	}
}

// keepMost notes a counter. A processor that is gone may come back with what it had.
func keepMost(m map[string]float64, name string, n float64) map[string]float64 {
	if m == nil {
		m = map[string]float64{}
	}
	m[name] = max(m[name], n)
	return m
}

// counters reads the first four columns of each processor, and uptime.
func counters(t *testing.T, stat, uptime string) map[string]float64 {
	t.Helper()
	m := map[string]float64{}
	for line := range strings.Lines(stat + "\nup " + uptime) {
		f := strings.Fields(line)
		if len(f) < 3 || !strings.HasPrefix(f[0], "cpu") && f[0] != "up" {
			continue
		}
		for i, word := range f[1:min(len(f), 5)] {
			n, err := strconv.ParseFloat(word, 64)
			if err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			m[f[0]+" "+strconv.Itoa(i)] = n
		}
	}
	for i := range 4 {
		column := " " + strconv.Itoa(i)
		if sum := m["cpu0"+column] + m["cpu1"+column]; sum > m["cpu"+column] {
			t.Errorf("column %d: %v, of all %v", i, sum, m["cpu"+column])
		}
	}
	return m
}

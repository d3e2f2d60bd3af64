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

//go:build nest

package nest

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestShortOfDescriptors: a start for which berthd has no descriptors left fails, names the setting, and leaves
// nothing. With descriptors the container starts.
func TestShortOfDescriptors(t *testing.T) {
	clean(t)
	g := sleeper(t, "web")
	g.define(t)
	run(t, "berthctl", "list")
	pid := run(t, "systemctl", "show", "--property=MainPID", "--value", "berthd.service")
	t.Cleanup(func() { run(t, "systemctl", "restart", "berthd") })
	for _, spare := range []int{0, 1, 2, 4} {
		open, err := os.ReadDir("/proc/" + pid + "/fd") // each attempt takes a spare supervisor's
		if err != nil {
			t.Fatal(err)
		}
		taken := map[int]bool{}
		for _, fd := range open {
			n, _ := strconv.Atoi(fd.Name())
			taken[n] = true
		}
		limit := 0 // with so many free numbers below it
		for free := 0; free <= spare; limit++ {
			if !taken[limit] {
				free++
			}
		}
		limit--
		run(t, "prlimit", "--pid="+pid, "--nofile="+strconv.Itoa(limit)+":")
		got := try(t, "berthctl", "start", "web")
		if got.Status == 0 || !strings.Contains(got.Err, "too many open files") || !strings.Contains(got.Err, "raise LimitNOFILE= of berthd.service") {
			t.Errorf("with %d descriptors to spare: %+v", spare, got)
		}
	}
	run(t, "prlimit", "--pid="+pid, "--nofile=1024:")
	run(t, "berthctl", "start", "web")
}

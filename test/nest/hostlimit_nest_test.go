//go:build nest

package nest

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestShortOfDescriptors: a start or a command for which berthd has no descriptors left fails at once, names the
// setting, and leaves nothing. With descriptors the container starts, and the command is executed.
func TestShortOfDescriptors(t *testing.T) {
	clean(t)
	g := sleeper(t, "web")
	g.define(t)
	run(t, "berthctl", "list")
	pid := run(t, "systemctl", "show", "--property=MainPID", "--value", "berthd.service")
	t.Cleanup(func() { run(t, "systemctl", "restart", "berthd") })
	refused := func(got result) bool {
		return got.Status == 1 && strings.Contains(got.Err, "too many open files") && strings.Contains(got.Err, "raise LimitNOFILE= of berthd.service")
	}
	for _, spare := range []int{0, 1, 2, 4} { // each attempt takes a spare supervisor's
		leaveDescriptors(t, pid, spare)
		if got := try(t, "berthctl", "start", "web"); !refused(got) {
			t.Errorf("with %d descriptors to spare: %+v", spare, got)
		}
	}
	run(t, "prlimit", "--pid="+pid, "--nofile=1024:")
	run(t, "berthctl", "start", "web")
	executed, failed := 0, 0
	for spare := range 24 {
		leaveDescriptors(t, pid, spare)
		switch got := try(t, "berthctl", "exec", "web", "--", "/bin/sh", "-c", "exit 7"); {
		case got.Status == 7:
			executed++
		case refused(got):
			failed++
		default:
			t.Errorf("a command with %d descriptors to spare: %+v", spare, got)
		}
	}
	if executed == 0 || failed == 0 {
		t.Errorf("%d commands were executed, %d refused", executed, failed)
	}
	run(t, "prlimit", "--pid="+pid, "--nofile=1024:")
	run(t, "berthctl", "exec", "web", "--", "/bin/true")
}

// leaveDescriptors lets a process open so many more descriptors.
func leaveDescriptors(t *testing.T, pid string, spare int) {
	t.Helper()
	open, err := os.ReadDir("/proc/" + pid + "/fd")
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
	run(t, "prlimit", "--pid="+pid, "--nofile="+strconv.Itoa(limit-1)+":")
}

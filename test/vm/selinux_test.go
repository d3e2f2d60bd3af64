//go:build vm

package vm

import (
	"strings"
	"testing"
	"time"
)

// denials are the SELinux denials since a time, one line each.
func denials(t testing.TB, since time.Time) []string {
	t.Helper()
	// Without --input-logs it would read standard input.
	r := try(t, "ausearch", "--input-logs", "--message", "avc,user_avc,selinux_err,user_selinux_err", "--start", since.Format("01/02/06"), since.Format("15:04:05"))
	if r.Status != 0 && !strings.Contains(r.Err, "no matches") {
		t.Fatalf("ausearch: %+v", r)
	}
	var lines []string
	for line := range strings.SplitSeq(r.Out, "\n") {
		if strings.HasPrefix(line, "type=") {
			lines = append(lines, line)
		}
	}
	return lines
}

// TestEnforcing: a container's life is nothing that the policy denies, and the container cannot write
// to the policy's file system.
func TestEnforcing(t *testing.T) {
	begin := time.Now()
	if got := run(t, "getenforce"); got != "Enforcing" {
		t.Fatalf("SELinux is %s", got)
	}
	if len(denials(t, begin.AddDate(-1, 0, 0))) == 0 {
		t.Fatal("not even the denials of the machine's boot are found")
	}
	g := guest{Name: "web", More: "<memory unit='MiB'>64</memory>"}
	g.start(t)
	run(t, "berthctl", "suspend", "web")
	run(t, "berthctl", "resume", "web")
	got := g.says(t, `grep -c ' /sys/fs/selinux selinuxfs ro,' /proc/mounts; cat /sys/fs/selinux/enforce; echo
echo 0 2>&1 > /sys/fs/selinux/enforce; cat /proc/1/comm`)
	for _, want := range []string{"1\n1\n", "Read-only file system", "\nsleep"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	run(t, "systemctl", "restart", "berthd.service")
	if got := run(t, "berthctl", "domstate", "web"); got != "running" {
		t.Errorf("after a restart of the daemon it is %s", got)
	}
	run(t, "berthctl", "destroy", "web")
	if lines := denials(t, begin); len(lines) > 0 {
		t.Errorf("denied:\n%s", strings.Join(lines, "\n"))
	}
}

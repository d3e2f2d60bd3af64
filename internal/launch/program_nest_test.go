//go:build nest

package launch

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestNoExecutableMemory: where the host forbids executable memory files, the error says which
// setting to change. The sysctl is of a pid namespace, so that only this test's child sees it.
func TestNoExecutableMemory(t *testing.T) {
	if os.Getenv("BERTH_NOEXEC") != "" {
		_, err := immutable("/proc/self/exe")
		_, _ = os.Stdout.WriteString(err.Error())
		os.Exit(0)
	}
	if _, err := os.Stat("/proc/sys/vm/memfd_noexec"); err != nil {
		return // before Linux 6.3 nothing forbids it
	}
	cmd := exec.Command("unshare", "--pid", "--fork", "--mount-proc", "sh", "-c",
		`echo 2 > /proc/sys/vm/memfd_noexec && exec "$0" -test.run='^TestNoExecutableMemory$'`, os.Args[0])
	cmd.Env = append(os.Environ(), "BERTH_NOEXEC=1")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "set vm.memfd_noexec to 0 or 1") {
		t.Errorf("%v: %s", err, out)
	}
}

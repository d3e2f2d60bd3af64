//go:build vm

package vm

import (
	"os"
	"strings"
	"testing"
)

// TestHostLimits: a start that meets a limit of the host fails and names the setting. With the setting as before,
// the container starts.
func TestHostLimits(t *testing.T) {
	const own = "<features><privnet/></features>"
	mapped := "<idmap><uid start='0' target='100000' count='65536'/><gid start='0' target='100000' count='65536'/></idmap>"
	for name, c := range map[string]struct{ more, value, want string }{
		"user.max_user_namespaces":   {mapped, "0", "raise user.max_user_namespaces (sysctl.d(5))"},
		"user.max_pid_namespaces":    {"", "0", "raise user.max_pid_namespaces (sysctl.d(5))"},
		"user.max_mnt_namespaces":    {"", "0", "raise user.max_mnt_namespaces (sysctl.d(5))"},
		"user.max_net_namespaces":    {own, "0", "raise user.max_net_namespaces (sysctl.d(5))"},
		"user.max_ipc_namespaces":    {"", "0", "raise user.max_ipc_namespaces (sysctl.d(5))"},
		"user.max_uts_namespaces":    {own, "0", "raise user.max_uts_namespaces (sysctl.d(5))"},
		"user.max_cgroup_namespaces": {"", "0", "raise user.max_cgroup_namespaces (sysctl.d(5))"},
		"fs.mount-max":               {"", "3", "raise fs.mount-max (sysctl.d(5))"},
		"kernel.pty.max":             {"", "1024", "raise kernel.pty.max, of which kernel.pty.reserve"},
	} {
		t.Run(name, func(t *testing.T) {
			g := guest{Name: "web", More: "<memory unit='MiB'>64</memory>" + c.more}
			g.define(t)
			run(t, "berthctl", "list")
			file := "/proc/sys/" + strings.ReplaceAll(name, ".", "/")
			before, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			restore := func() {
				if err := os.WriteFile(file, before, 0); err != nil {
					t.Fatal(err)
				}
			}
			defer restore()
			if err := os.WriteFile(file, []byte(c.value), 0); err != nil {
				t.Fatal(err)
			}
			got := try(t, "berthctl", "start", "web")
			if got.Status == 0 || !strings.Contains(got.Err, "the host's limit is reached; ") || !strings.Contains(got.Err, c.want) {
				t.Errorf("got %+v, want one with %s", got, c.want)
			}
			restore()
			run(t, "berthctl", "start", "web")
		})
	}
}

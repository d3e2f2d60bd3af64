//go:build vm

package vm

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSliceLimitsHold: the limits that an administrator has given to the slices of a partition hold for the containers
// in it, which see them, and no start or end of a container changes them.
func TestSliceLimitsHold(t *testing.T) {
	const file = "/etc/systemd/system/machine-prod.slice"
	if err := os.WriteFile(file, []byte("[Slice]\nMemoryMax=64M\nMemorySwapMax=0\nCPUWeight=50\nTasksMax=300\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		run(t, "systemctl", "revert", "machine-prod.slice", "machine-prod-web.slice")
		try(t, "rm", "-f", file)
		run(t, "systemctl", "daemon-reload")
		run(t, "systemctl", "stop", "machine-prod.slice")
	})
	run(t, "systemctl", "daemon-reload")
	run(t, "systemctl", "set-property", "--runtime", "machine-prod-web.slice", "CPUWeight=300", "TasksMax=200")
	holds := func(when, memory string) {
		t.Helper()
		const top = "/sys/fs/cgroup/machine.slice/machine-prod.slice"
		for name, want := range map[string]string{
			"memory.max": memory, "memory.swap.max": "0", "cpu.weight": "50", "pids.max": "300",
			"machine-prod-web.slice/memory.max": "max", "machine-prod-web.slice/cpu.weight": "300", "machine-prod-web.slice/pids.max": "200",
		} {
			text, err := os.ReadFile(filepath.Join(top, name))
			if got := strings.TrimSpace(string(text)); err != nil || got != want {
				t.Errorf("%s, %s is %q, %v, want %s", when, name, got, err, want)
			}
		}
	}
	const partition = "<resource><partition>/machine/prod/web</partition></resource>"
	next := listen(t)
	web := guest{Name: "web", More: partition + "<memory unit='MiB'>256</memory>"}
	web.start(t)
	holds("at the start", "67108864")
	if got := web.says(t, "sed -n 's/^MemTotal: *//p' /proc/meminfo"); got != "65536 kB" {
		t.Errorf("the container sees %s", got)
	}
	if got := web.says(t, strings.Replace(hog, "; true", "; echo ended with $?", 1)); got != "ended with 137" {
		t.Errorf("100 MiB in a slice of 64: %q", got)
	}
	expect(t, next, "web defined added", "web started booted", `web OOMKill 1 dd \d+`)
	run(t, "systemctl", "set-property", "--runtime", "machine-prod.slice", "MemoryMax=160M")
	if got := web.says(t, strings.Replace(hog, "; true", "; echo ended with $?", 1)); got != "ended with 0" {
		t.Errorf("100 MiB in a slice of 160: %q", got)
	}
	other := guest{Name: "other", More: partition + "<memory unit='MiB'>64</memory>"}
	other.start(t)
	holds("with two containers", "167772160")
	run(t, "systemctl", "daemon-reload")
	run(t, "systemctl", "restart", "berthd")
	run(t, "berthctl", "destroy", "other")
	run(t, "berthctl", "destroy", "web")
	run(t, "berthctl", "start", "web")
	holds("after the next start", "167772160")
}

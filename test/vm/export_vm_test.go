//go:build vm

package vm

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// exportTuned defines a container with every limit, weight and binding, and returns the numbers of the block device.
func exportTuned(t *testing.T) (device string) {
	t.Helper()
	device = strings.TrimSpace(run(t, "cat", "/sys/class/block/vda/dev"))
	cost := func(text string) { // the kernel takes a device's weight only while it counts costs
		if err := os.WriteFile("/sys/fs/cgroup/io.cost.qos", []byte(device+" "+text), 0); err != nil {
			t.Fatal(err)
		}
	}
	cost("enable=1")
	t.Cleanup(func() { cost("enable=0") })
	g := guest{Name: "web", More: tuned + container("<pids max='200'/><protect memory='8' unit='MiB'/>")}
	g.define(t)
	return device
}

// groupHas compares each row of tunings with the files of the control group of a process: crun makes a group for it in
// the scope, and limits that.
func groupHas(t *testing.T, pid, device string) {
	t.Helper()
	group := strings.TrimPrefix(strings.TrimSpace(run(t, "cat", "/proc/"+pid+"/cgroup")), "0::")
	if !strings.HasPrefix(group, "/machine.slice/berth-web.scope") {
		t.Errorf("the container is in %s", group)
	}
	for _, row := range tunings() {
		content, err := os.ReadFile(filepath.Join("/sys/fs/cgroup", group, row.file))
		if err != nil || !strings.Contains(string(content), strings.ReplaceAll(row.content, "DEV", device)) {
			t.Errorf("%s: %s is %q, %v; want %s", group, row.file, content, err, row.content)
		}
	}
}

// TestExportLimits: the control group of an exported bundle has each limit, weight and binding of the XML, under runc
// and crun, once the commands of the warnings were given.
func TestExportLimits(t *testing.T) {
	device := exportTuned(t)
	for _, runtime := range []string{"runc", "crun"} {
		t.Run(runtime, func(t *testing.T) {
			bundle := filepath.Join(t.TempDir(), "bundle")
			var out struct {
				Warnings []struct{ Commands []string }
			}
			if err := json.Unmarshal([]byte(run(t, "berthctl", "export-oci", "web", bundle, "--json")), &out); err != nil {
				t.Fatal(err)
			}
			unit, log := "export-"+runtime, filepath.Join(t.TempDir(), "log")
			run(t, "systemd-run", "--quiet", "--collect", "--unit="+unit, "-pStandardOutput=file:"+log, "-pStandardError=file:"+log,
				"script", "-qec", runtime+" --systemd-cgroup run --bundle "+bundle+" guest", "/dev/null")
			t.Cleanup(func() {
				try(t, runtime, "kill", "guest", "KILL")
				try(t, runtime, "delete", "-f", "guest")
			})
			var state struct{ Pid int }
			until(t, func() string {
				r := try(t, runtime, "state", "guest")
				if err := json.Unmarshal([]byte(r.Out), &state); err != nil || !strings.Contains(r.Out, `"running"`) {
					text, _ := os.ReadFile(log)
					return fmt.Sprintf("%+v; %s", r, text)
				}
				return ""
			})
			for _, w := range out.Warnings {
				for _, command := range w.Commands {
					run(t, "env", "PID="+fmt.Sprint(state.Pid), "sh", "-ec", command)
				}
			}
			groupHas(t, fmt.Sprint(state.Pid), device)
			run(t, runtime, "kill", "guest", "KILL")
			until(t, func() string {
				if r := try(t, "systemctl", "is-active", unit); r.Status == 0 {
					return runtime + " still runs"
				}
				return ""
			})
		})
	}
}

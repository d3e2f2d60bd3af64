//go:build nest

package nest

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// exportGuest is a container with something of all that an export can say. CAP_SYS_RESOURCE is what a nest does not
// have.
func exportGuest(t testing.TB, more, args string) guest {
	t.Helper()
	srv := openDirectory(t)
	if err := os.WriteFile(filepath.Join(srv, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	root := busybox(t)
	for _, dir := range []string{"usr", "srv", "scratch"} {
		if err := os.Mkdir(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return guest{
		Name: "web", Root: root, Init: "/bin/sleep",
		More: "<features><privnet/><capabilities><sys_resource state='off'/><net_raw state='off'/></capabilities></features>" + more,
		Args: "<initarg>100000</initarg><initenv name='WORDS'>a \"b' c</initenv>" + args,
		Devs: "<filesystem type='mount'><source dir='" + srv + "'/><target dir='/srv'/><readonly/></filesystem>" +
			"<filesystem type='ram'><source usage='8' units='MiB'/><target dir='/scratch'/></filesystem>",
	}
}

// openDirectory returns a directory to which the root of a user namespace comes through.
func openDirectory(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/run", "export-") //nolint:usetesting // a mapped root cannot pass t.TempDir's parents
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { run(t, "rm", "-rf", dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// underBerth returns what the guest finds when Berth starts it.
func (g guest) underBerth(t *testing.T) []string {
	t.Helper()
	run(t, "berthctl", "start", g.Name)
	world := worldOf(t, ran(t, func() (string, error) { return pidOf(info(t, g.Name).Leader), nil }))
	run(t, "berthctl", "destroy", g.Name)
	return world
}

const (
	extended = " xmlns:berth='urn:berth:container:1'"
	mapped   = "<idmap><uid start='0' target='100000' count='65536'/><gid start='0' target='100000' count='65536'/></idmap>"
	filtered = "<berth:container" + extended + "><berth:seccomp profile='default'/><berth:no_new_privs/><berth:rlimit name='nofile' soft='100' hard='200'/></berth:container>"
)

// TestExportOCI: runc and crun run an exported bundle, and its init finds the host name, user, environment, id map,
// capabilities, limits, mounts and devices that it finds under Berth, but for what the export warns of.
func TestExportOCI(t *testing.T) {
	warned := []string{ // in the order of the facts
		"-dev tty1 symbolic link 0:0", "-mount /proc/cpuinfo", "-mount /proc/loadavg", "-mount /proc/meminfo", "-mount /proc/stat", "-mount /proc/swaps",
		"-mount /proc/sys/kernel/random/boot_id", "-mount /proc/sys/net/ipv4", "-mount /proc/sys/net/ipv6", "-mount /proc/uptime",
	}
	for name, c := range map[string]struct {
		more, args string
		mapped     bool
	}{
		"root":           {},
		"user":           {more: filtered, args: "<initdir>/tmp</initdir><inituser>guest</inituser>"},
		"user namespace": {more: mapped, mapped: true},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			g := exportGuest(t, c.more, c.args)
			if !c.mapped {
				g.Devs += "<hostdev mode='capabilities' type='misc'><source><char>/dev/fuse</char></source></hostdev>"
			}
			g.define(t)
			bundle := filepath.Join(openDirectory(t), "bundle")
			r := try(t, "berthctl", "export-oci", g.Name, bundle)
			if r.Status != 0 {
				t.Fatalf("%+v", r)
			}
			if c.mapped { // what the export says of it
				run(t, "cp", "-a", g.Root+"/.", bundle+"/rootfs")
				run(t, "chown", "-hR", "100000:100000", bundle+"/rootfs")
				run(t, "chmod", "755", bundle+"/rootfs")
			}
			want := g.underBerth(t)
			for _, runtime := range []string{"runc", "crun"} {
				fitToNest(t, filepath.Join(bundle, "config.json"), runtime)
				got := short(changes(want, underRuntime(t, runtime, bundle)))
				t.Logf("%s: %q", runtime, got)
				for _, one := range got {
					if !slices.Contains(warned, one) && !quirk(runtime, one, c.mapped) {
						t.Errorf("%s: %s", runtime, one)
					}
				}
				for _, one := range warned {
					if !slices.Contains(got, one) {
						t.Errorf("%s: not different: %s; why is there a warning?", runtime, one)
					}
				}
			}
			for _, text := range []string{"/dev/tty1", "/proc/cpuinfo", "/proc/sys/kernel/random/boot_id", "/proc/sys/net/ipv4 and ipv6", "--systemd-cgroup"} {
				if !strings.Contains(r.Err, text) {
					t.Errorf("no warning of %s in %s", text, r.Err)
				}
			}
		})
	}
}

// short leaves the flags of a mount out that only one of the two has.
func short(list []string) (out []string) {
	for _, one := range list {
		f := strings.Fields(one)
		other := map[byte]string{'-': "+", '+': "-"}[one[0]] + f[0][1:] + " "
		if f[0][1:] == "mount" && !slices.ContainsFunc(list, func(s string) bool { return strings.HasPrefix(s, other+f[1]+" ") }) {
			one = f[0] + " " + f[1]
		}
		out = append(out, one)
	}
	return out
}

// quirk reports whether a difference is the runtime's own way: no configuration could say it otherwise.
func quirk(runtime, difference string, mapped bool) bool {
	f := strings.Fields(difference)
	place := f[1]
	switch f[0][1:] {
	case "mount":
		protected := strings.HasPrefix(place, "/proc/") || strings.HasPrefix(place, "/sys/") || place == "/dev/console"
		node := mapped && strings.HasPrefix(place, "/dev/")
		return len(f) > 2 && (protected || node) // the flags of what is hidden or read-only, and of nodes of the host
	case "dev":
		return runtime == "crun" && difference == "+dev core symbolic link 0:0"
	}
	return false
}

// fitToNest takes from a configuration what a nest does not have: the controllers of limits, and the right to raise a
// limit of init, which crun also needs for the list of devices.
func fitToNest(t *testing.T, file, runtime string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var c specs.Spec
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	if c.Linux.Resources != nil {
		c.Linux.Resources = &specs.LinuxResources{Devices: c.Linux.Resources.Devices}
	}
	if runtime == "crun" {
		c.Linux.Resources = nil
	}
	for i := range c.Process.Rlimits {
		l := &c.Process.Rlimits[i]
		var own unix.Rlimit
		if l.Type == "RLIMIT_NOFILE" && unix.Getrlimit(unix.RLIMIT_NOFILE, &own) == nil {
			l.Hard = min(l.Hard, own.Max)
			l.Soft = min(l.Soft, l.Hard)
		}
	}
	if text, err = json.Marshal(c); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// underRuntime returns what the guest of a bundle finds.
func underRuntime(t *testing.T, runtime, bundle string) []string {
	t.Helper()
	pid, end := startBundle(t, runtime, bundle)
	defer end()
	return worldOf(t, pid)
}

// startBundle runs a bundle. script(1) is the terminal.
func startBundle(t *testing.T, runtime, bundle string) (pid string, end func()) {
	t.Helper()
	unit, log := "export-"+runtime, filepath.Join(t.TempDir(), "log")
	command := fmt.Sprintf("%s --systemd-cgroup run --bundle %s guest", runtime, bundle)
	run(t, "systemd-run", "--quiet", "--collect", "--unit="+unit, "-pStandardOutput=file:"+log, "-pStandardError=file:"+log, "script", "-qec", command, "/dev/null")
	end = func() {
		try(t, runtime, "kill", "guest", "KILL")
		eventually(t, func() error {
			if r := try(t, "systemctl", "is-active", unit); r.Status == 0 {
				return errors.New(runtime + " still runs")
			}
			return nil
		})
		try(t, runtime, "delete", "-f", "guest")
	}
	return ran(t, func() (string, error) {
		r := try(t, runtime, "state", "guest")
		var state specs.State
		if err := json.Unmarshal([]byte(r.Out), &state); err != nil || state.Pid == 0 {
			text, _ := os.ReadFile(log)
			return "", fmt.Errorf("%+v; %s", r, text)
		}
		return pidOf(uint32(state.Pid)), nil
	}), end
}

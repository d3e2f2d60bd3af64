//go:build nest

package nest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The kinds of containers that the tables tell apart: all the host's, a user namespace on the host's
// network, and a network namespace.
const (
	plain   = "plain"
	userns  = "userns"
	privnet = "privnet"
)

const tableUUID = "0c5a7c3e-0c0f-4d8e-9f65-2f0a3c1b9d4e"

// TestLibvirtTables: init finds the mounts, device nodes, links, environment and capabilities of the
// tables of libvirt's LXC driver, row by row.
func TestLibvirtTables(t *testing.T) {
	clean(t)
	// Some rows are for a host with securityfs, which systemd does not mount in a nest.
	const security = "/sys/kernel/security"
	if !slices.Contains(mounts(t, 0), security) {
		run(t, "mount", "-t", "securityfs", "securityfs", security)
		t.Cleanup(func() {
			unmount(t, security)
			run(t, "systemctl", "stop", "berthd.service")
		})
		run(t, "systemctl", "restart", "berthd.service") // it looks when it starts
	}
	for kind, more := range map[string]string{plain: "", userns: idmap, privnet: "<features><privnet/></features>"} {
		t.Run(kind, func(t *testing.T) {
			clean(t)
			w := look(t, more)
			t.Run("mounts", func(t *testing.T) { checkMounts(t, kind, w) })
			t.Run("devices", func(t *testing.T) { checkDevices(t, kind, w) })
			t.Run("links", func(t *testing.T) { checkLinks(t, w) })
			t.Run("environment", func(t *testing.T) { checkEnvironment(t, w) })
			t.Run("capabilities", func(t *testing.T) { checkCapabilities(t, kind, w) })
		})
	}
}

// world is what a container printed of itself, lines by heading.
type world map[string][]string

// look starts a container with three consoles and lets it print its world.
func look(t *testing.T, more string) world {
	t.Helper()
	g := guest{Name: "web", Root: busybox(t), More: "<uuid>" + tableUUID + "</uuid>" + more}
	g.Args = "<initenv name='MINE'>some value</initenv><initenv name='TERM'>vt100</initenv><cmdline>a b</cmdline>"
	g.Devs = "<console type='pty'/><console type='pty'/><console type='pty'/>"
	text := tell(t, g, `echo '== mounts'; cat /proc/1/mountinfo
echo '== nodes'; find /dev ! -type l ! -type d -exec stat -c '%n %F,%t:%T,%a,%u:%g' {} +
echo '== links'; find /dev -type l | while read -r l; do echo "$l $(readlink "$l")"; done
echo '== environment'; tr '\0' '\n' < /proc/1/environ
echo '== status'; cat /proc/1/status`)
	if entries, err := filepath.Glob(filepath.Join(g.Root, ".*")); err != nil || len(entries) > 0 {
		t.Errorf("left in the image: %v, %v", entries, err)
	}
	w := world{}
	heading := ""
	for line := range strings.SplitSeq(text, "\n") {
		if name, ok := strings.CutPrefix(line, "== "); ok {
			heading = name
			continue
		}
		w[heading] = append(w[heading], line)
	}
	for _, heading := range []string{"mounts", "nodes", "links", "environment", "status"} {
		if len(w[heading]) == 0 {
			t.Fatalf("no %s in:\n%s", heading, text)
		}
	}
	return w
}

// pairs splits lines into a first word and the rest.
func pairs(t *testing.T, lines []string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, line := range lines {
		name, value, ok := strings.Cut(line, " ")
		if _, twice := all[name]; !ok || twice {
			t.Errorf("twice or without a value: %q", line)
		}
		all[name] = value
	}
	return all
}

// on says whether a row is for a kind: a row without kinds is for all.
func on(kinds, kind string) bool { return kinds == "" || slices.Contains(strings.Fields(kinds), kind) }

// hostHas says whether the host itself has a mount of this type there.
func hostHas(t *testing.T, point, fstype string) bool {
	t.Helper()
	text, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(text), " "+point+" "+fstype+" ")
}

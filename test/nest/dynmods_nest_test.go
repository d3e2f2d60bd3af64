//go:build nest

package nest

import (
	"os"
	"strings"
	"testing"
)

// cgroup2Options is what the kernel says of the host's cgroup2 mounts.
func cgroup2Options(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("/proc/mounts")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); f[2] == "cgroup2" {
			all = append(all, f[1]+" "+f[3])
		}
	}
	if len(all) == 0 {
		t.Fatal("the host has no cgroup2")
	}
	return strings.Join(all, "\n")
}

// saidSinceStart is what the daemon that runs now has said in the journal.
func saidSinceStart(t testing.TB) string {
	t.Helper()
	invocation := run(t, "systemctl", "show", "--property=InvocationID", "--value", "berthd")
	return journal(t, "--output=cat", "--priority=warning", "_SYSTEMD_INVOCATION_ID="+invocation)
}

// TestFavorDynModsIgnored: where the kernel ignores favordynmods, as in a cgroup namespace, FavorDynMods=yes is a
// warning, changes no option of cgroup2, and containers start. A value that is no boolean is a warning with file and
// key.
func TestFavorDynModsIgnored(t *testing.T) {
	before := cgroup2Options(t)
	for _, tc := range []struct{ value, want string }{
		{"yes", "FavorDynMods= has no effect"},
		{"yes", "cgroup namespace"},
		{"no", ""},
		{"perhaps", "[Daemon] FavorDynMods=perhaps: it must be yes or no"},
		{"perhaps", "/etc/berth/berth.conf.d/test.conf"},
	} {
		configure(t, "[Daemon]\nFavorDynMods="+tc.value+"\n")
		if got := saidSinceStart(t); !strings.Contains(got, tc.want) || tc.want == "" && got != "" {
			t.Errorf("FavorDynMods=%s: the journal has %q, want %q", tc.value, got, tc.want)
		}
		if got := cgroup2Options(t); got != before {
			t.Errorf("FavorDynMods=%s: the options were %s, and are %s", tc.value, before, got)
		}
	}
	configure(t, "[Daemon]\nFavorDynMods=yes\n")
	g := sleeper(t, "web")
	g.start(t)
	becomes(t, g.Name, "running/booted")
}

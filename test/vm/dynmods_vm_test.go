//go:build vm

package vm

import (
	"os"
	"strings"
	"testing"

	"github.com/berthd/berth/test/bench/host"
)

// options are those of the machine's cgroup2, as the kernel sorts them.
func options(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("/proc/mounts")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); f[1] == "/sys/fs/cgroup" && f[2] == "cgroup2" {
			return f[3]
		}
	}
	t.Fatalf("no cgroup2 in %s", text)
	return ""
}

// favor restarts the daemon with a value of FavorDynMods=, or with none for "".
func favor(t testing.TB, value string) {
	t.Helper()
	const file = "/etc/berth/berth.conf.d/dynmods.conf"
	text := "[Daemon]\n"
	if value != "" {
		text += "FavorDynMods=" + value + "\n"
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(file) })
	run(t, "systemctl", "restart", "berthd")
}

// takeBack takes the option back as berth.conf(5) says.
func takeBack(t testing.TB) {
	t.Helper()
	run(t, "mount", "-t", "cgroup2", "-o", "nsdelegate,memory_recursiveprot", "cgroup2", "/mnt")
	run(t, "umount", "/mnt")
}

// TestFavorDynMods: with FavorDynMods=yes cgroup2 has favordynmods besides all its other options, and keeps it when
// systemd reloads and executes itself again, and when the setting is gone. Without the setting no option changes.
func TestFavorDynMods(t *testing.T) {
	before := options(t)
	if strings.Contains(before, "favordynmods") || !strings.Contains(before, "nsdelegate") || !strings.Contains(before, "memory_recursiveprot") {
		t.Fatalf("the machine's cgroup2 has %s", before)
	}
	for _, value := range []string{"", "no"} {
		if favor(t, value); options(t) != before {
			t.Errorf("FavorDynMods=%s made it %s", value, options(t))
		}
	}
	t.Cleanup(func() {
		takeBack(t)
		if got := options(t); got != before {
			t.Errorf("taken back, it is %s, not %s", got, before)
		}
	})
	want := strings.Replace(before, "nsdelegate,", "nsdelegate,favordynmods,", 1)
	for _, each := range []struct {
		name string
		do   func()
	}{
		{"set", func() { favor(t, "yes") }},
		{"set again", func() { favor(t, "yes") }},
		{"systemd reloads", func() { run(t, "systemctl", "daemon-reload") }},
		{"systemd executes itself again", func() { run(t, "systemctl", "daemon-reexec") }},
		{"a container starts", func() { g := guest{Name: "web", More: "<memory unit='MiB'>64</memory>"}; g.start(t) }},
		{"no longer set", func() { favor(t, "no") }},
	} {
		if each.do(); options(t) != want {
			t.Errorf("%s: %s, want %s", each.name, options(t), want)
		}
	}
}

// TestBenchTakesFavorDynModsBack: the benchmark leaves cgroup2 with the options that it had, whether favordynmods was
// there or not.
func TestBenchTakesFavorDynModsBack(t *testing.T) {
	before := options(t)
	for _, want := range []string{before, strings.Replace(before, "nsdelegate,", "nsdelegate,favordynmods,", 1)} {
		if want != before {
			t.Cleanup(func() { takeBack(t) })
			if _, err := host.FavorDynMods(); err != nil {
				t.Fatal(err)
			}
		}
		back, err := host.FavorDynMods()
		if err != nil {
			t.Fatal(err)
		}
		if has, err := host.Favours(); err != nil || !has {
			t.Errorf("for the measurement it is %s, %v", options(t), err)
		}
		if err := back(); err != nil || options(t) != want {
			t.Errorf("it was %s, and is %s, %v", want, options(t), err)
		}
	}
}

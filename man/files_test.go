package man_test

import (
	"os"
	"strings"
	"testing"
)

// TestFiles: the manual of berthd names each unit that is installed, the directories of definitions and of state, what
// is in those, and the policy of the bus.
func TestFiles(t *testing.T) {
	t.Parallel()
	section := strings.ReplaceAll(read(t, "berthd.8").part("FILES"), `\-`, "-")
	want := []string{
		"/etc/berth/berth.conf", "/etc/berth/berth.conf.d", "/etc/berth/containers/NAME.xml", "/run/berth/lock", "/run/berth/images.lock",
		"/run/berth/live/UUID", "/run/berth/last/UUID", "state.json", "supervisor.sock", "consoleN", "exit", "oom", "imageN.sock", "org.berth1.conf", "org.berth1.policy",
		"berth-supervisor", "/etc/systemd/system/NAME.socket", "/etc/berth/networks/NAME.xml", "/run/berth/networks/NAME.json", "10-berth-BRIDGE.network",
	}
	entries, err := os.ReadDir("../units/files")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), ".in")
		switch {
		case strings.HasSuffix(name, ".go"):
		case strings.HasSuffix(name, ".tmpfiles"):
			want = append(want, "tmpfiles.d/"+strings.TrimSuffix(name, ".tmpfiles")+".conf")
		default:
			want = append(want, name)
		}
	}
	for _, name := range want {
		if !strings.Contains(section, name) {
			t.Errorf("FILES of berthd(8) does not name %s", name)
		}
	}
}

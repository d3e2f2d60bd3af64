//go:build vm

package vm

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// statistics reads what domstats says of a container.
func statistics(t testing.TB, name string) map[string]any {
	t.Helper()
	var list []struct{ Stats map[string]any }
	if err := json.Unmarshal([]byte(run(t, "berthctl", "domstats", "--json", name)), &list); err != nil || len(list) != 1 {
		t.Fatalf("%d containers, %v", len(list), err)
	}
	return list[0].Stats
}

// TestFigures: with all controllers every figure is there, and agrees with the control group.
func TestFigures(t *testing.T) {
	swapFile(t)
	g := guest{Name: "web", More: limited}
	g.start(t)
	got := g.says(t, holding(20, "head -c 1M /dev/zero > /tmp/written; sync; echo held"))
	if got != "held" {
		t.Fatalf("it says %q", got)
	}
	stats := statistics(t, "web")
	number := func(key string) uint64 {
		n, ok := stats[key].(float64)
		if !ok {
			t.Errorf("there is no %s", key)
		}
		return uint64(n)
	}
	for key, least := range map[string]uint64{
		"cpu.time": 1, "cpu.periods": 0, "memory.current": 1 << 10, "memory.peak": 20 << 20, "memory.anon": 1, "memory.kernel": 1, "memory.swap": 0,
		"memory.events.max": 0, "memory.events.oom_kill": 0, "balloon.minor_fault": 1, "tasks.current": 1, "tasks.maximum": 1, "tasks.events.max": 0,
		"block.count": 0, "vcpu.current": 1,
	} {
		if n := number(key); n < least {
			t.Errorf("%s is %d, less than %d", key, n, least)
		}
	}
	if got := number("memory.maximum"); got != 64<<20 {
		t.Errorf("the limit is %d", got)
	}
	run(t, "berthctl", "suspend", "web")
	text, err := os.ReadFile(filepath.Join(g.group(t), "pids.current"))
	stats = statistics(t, "web")
	if n, wrong := strconv.Atoi(strings.TrimSpace(string(text))); err != nil || wrong != nil || uint64(n) != number("tasks.current") {
		t.Errorf("tasks: %d, and the control group says %s%v", number("tasks.current"), text, err)
	}
	if text := run(t, "berthctl", "dommemstat", "web"); !strings.HasPrefix(text, "actual 65536\nswap_in ") || !strings.Contains(text, "\nrss ") {
		t.Errorf("dommemstat prints %s", text)
	}
	if text := run(t, "berthctl", "domblkstat", "web"); !strings.HasPrefix(text, "rd_req ") && !strings.HasPrefix(text, " rd_req ") {
		t.Errorf("domblkstat prints %s", text)
	}
}

// TestRefusedForks: forks that the limit refused are counted, also on a kernel that counts them in the group that forked.
func TestRefusedForks(t *testing.T) {
	g := guest{Name: "web", More: "<memory unit='MiB'>64</memory>"}
	g.start(t)
	current, _ := statistics(t, "web")["tasks.current"].(float64)
	// The supervisor's threads count, too.
	text, err := os.ReadFile(filepath.Join(filepath.Dir(g.group(t)), "pids.current"))
	all, wrong := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || wrong != nil || all <= int(current) {
		t.Fatalf("the scope has %q tasks, and the container %v; %v", text, current, err)
	}
	run(t, "systemctl", "set-property", "--runtime", "machine-web.scope", "TasksMax="+strconv.Itoa(all+4))
	// A shell that cannot fork ends. This one is a child of the one that says so.
	if got := g.says(t, "sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 1 & done' 2> /dev/null; echo tried"); got != "tried" {
		t.Errorf("it says %q", got)
	}
	if n, _ := statistics(t, "web")["tasks.events.max"].(float64); n < 1 {
		t.Errorf("%v forks were refused", n)
	}
}

// TestFiguresOfOOM: what the OOM killer took is counted.
func TestFiguresOfOOM(t *testing.T) {
	g := guest{Name: "web", More: "<memory unit='MiB'>64</memory>"}
	g.start(t)
	g.says(t, "dd if=/dev/zero of=/dev/null bs=100M count=1; echo ended with $?")
	stats := statistics(t, "web")
	if stats["memory.events.oom_kill"] != 1.0 || stats["memory.events.max"] == 0.0 {
		t.Errorf("oom_kill is %v, and max %v", stats["memory.events.oom_kill"], stats["memory.events.max"])
	}
}

//go:build vm

package vm

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// told waits until a container has printed a text.
func told(t testing.TB, name, text string) {
	t.Helper()
	for end := time.Now().Add(patience); !strings.Contains(run(t, "berthctl", "console-log", name), text); time.Sleep(time.Second / 4) {
		if time.Now().After(end) {
			t.Fatalf("%s does not print %q", name, text)
		}
	}
}

// statistics reads what domstats says of a container.
func statistics(t testing.TB, name string) map[string]any {
	t.Helper()
	var list []struct{ Stats map[string]any }
	if err := json.Unmarshal([]byte(run(t, "berthctl", "domstats", "--json", name)), &list); err != nil || len(list) != 1 {
		t.Fatalf("%d containers, %v", len(list), err)
	}
	return list[0].Stats
}

// counted is where the kernel counts a statistic: a file below the scope, and its field, which is "" where the file has
// a number alone.
type counted struct {
	file, field string
	times       uint64
}

// sources has the statistics that are numbers of a control group, but those of devices and of pids.events.
func sources() map[string]counted {
	all := map[string]counted{
		"cpu.time": {"payload/cpu.stat", "usage_usec", 1000}, "cpu.user": {"payload/cpu.stat", "user_usec", 1000}, "cpu.system": {"payload/cpu.stat", "system_usec", 1000},
		"cpu.periods": {"cpu.stat", "nr_periods", 1}, "cpu.throttled.periods": {"cpu.stat", "nr_throttled", 1}, "cpu.throttled.time": {"cpu.stat", "throttled_usec", 1000},
		"balloon.major_fault": {"payload/memory.stat", "pgmajfault", 1}, "balloon.minor_fault": {"payload/memory.stat", "pgfault", 1},
		"memory.current": {"payload/memory.current", "", 1}, "memory.peak": {"payload/memory.peak", "", 1}, "memory.swap": {"payload/memory.swap.current", "", 1},
		"memory.maximum": {"memory.max", "", 1}, "tasks.current": {"payload/pids.current", "", 1}, "tasks.maximum": {"pids.max", "", 1},
	}
	for _, kind := range []string{"anon", "file", "shmem", "kernel"} {
		all["memory."+kind] = counted{"payload/memory.stat", kind, 1}
	}
	for _, event := range []string{"high", "max", "oom", "oom_kill"} {
		all["memory.events."+event] = counted{"memory.events", event, 1}
	}
	for _, resource := range []string{"cpu", "memory", "io"} {
		for _, kind := range []string{"some", "full"} {
			all["pressure."+resource+"."+kind+".time"] = counted{"payload/" + resource + ".pressure", kind, 1000}
		}
	}
	return all
}

// count reads what the kernel says of one.
func (c *counted) count(t testing.TB, scope string) uint64 {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(scope, c.file))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		last := words[len(words)-1]
		if c.field == "" || words[0] == c.field {
			n, err := strconv.ParseUint(strings.TrimPrefix(last, "total="), 10, 64)
			if err != nil {
				t.Fatalf("%s: %q: %v", c.file, line, err)
			}
			return n * c.times
		}
	}
	t.Fatalf("%s has no %s", c.file, c.field)
	return 0
}

// agree compares all statistics of a container in which nothing happens with its control group.
func agree(t *testing.T, g *guest) map[string]any {
	t.Helper()
	stats := statistics(t, g.Name)
	for key, from := range sources() {
		got, known := stats[key].(float64)
		if want := from.count(t, filepath.Dir(g.group(t))); !known || uint64(got) != want {
			t.Errorf("%s is %v, and %s has %d", key, stats[key], from.file, want)
		}
	}
	return stats
}

// TestFigures: with all controllers every figure is there, and agrees with the control group, in a container that is
// suspended too, and also after a restart of the daemon.
func TestFigures(t *testing.T) {
	swapFile(t)
	g := guest{Name: "web", More: limited, Init: "dd if=/dev/zero of=/written bs=64K count=32; sync; i=0; while [ $i -lt 3000 ]; do i=$((i+1)); done; echo done; exec sleep 100000"}
	g.start(t)
	told(t, "web", "done")
	run(t, "berthctl", "suspend", "web")
	for _, restart := range []bool{false, true} {
		if restart {
			run(t, "systemctl", "restart", "berthd.service")
		}
		stats := agree(t, &g)
		for key, least := range map[string]float64{
			"cpu.time": 1e6, "memory.current": 1 << 16, "memory.peak": 2 << 20, "memory.anon": 1, "memory.kernel": 1, "balloon.minor_fault": 1,
			"tasks.current": 1, "block.count": 1, "block.0.wr.bytes": 2 << 20, "block.0.wr.reqs": 1, "vcpu.current": 1, "state.state": 3,
		} {
			if n, _ := stats[key].(float64); n < least {
				t.Errorf("%s is %v, less than %v", key, stats[key], least)
			}
		}
		disk, written := stats["block.0.name"], int(stats["block.0.wr.bytes"].(float64))
		if text := run(t, "berthctl", "domblkstat", "web", disk.(string)); !strings.Contains(text, " wr_bytes "+strconv.Itoa(written)) {
			t.Errorf("domblkstat prints %s", text)
		}
		want := "actual 65536\nswap_in 0\n"
		if text := run(t, "berthctl", "dommemstat", "web"); !strings.HasPrefix(text, want) || !strings.Contains(text, "\nrss ") {
			t.Errorf("dommemstat prints %s", text)
		}
		row := strings.Split(run(t, "berthctl", "top", "--csv", "-n", "1", "--columns", "state,write,memory,limit,swap,tasks"), "\n")[1]
		if want := fmt.Sprintf(",paused,0,%.0f,%d,0,1", stats["memory.current"], 64<<20); !strings.HasSuffix(row, want) {
			t.Errorf("top has %s, want %s", row, want)
		}
	}
}

// TestFiguresAtOnce: a container that has begun, and has done no io, has all its figures, and one that has ended none.
func TestFiguresAtOnce(t *testing.T) {
	g := guest{Name: "web", More: "<memory unit='MiB'>64</memory>"}
	g.start(t)
	stats := statistics(t, "web")
	for key := range sources() {
		if _, known := stats[key].(float64); !known {
			t.Errorf("there is no %s", key)
		}
	}
	if stats["block.count"] == nil {
		t.Error("io is not counted")
	}
	run(t, "berthctl", "destroy", "web")
	for key := range statistics(t, "web") {
		if !strings.HasPrefix(key, "state.") {
			t.Errorf("one that is off has %s", key)
		}
	}
	if r := try(t, "berthctl", "dommemstat", "web"); r.Status != 1 || !strings.Contains(r.Err, "not running") {
		t.Errorf("off: %+v", r)
	}
}

// TestFiguresOfQuota: how often a quota stopped a container, and for how long, is counted.
func TestFiguresOfQuota(t *testing.T) {
	g := guest{Name: "web", More: "<memory unit='MiB'>64</memory><cputune><period>100000</period><quota>20000</quota></cputune>"}
	g.start(t)
	g.says(t, "timeout 2 sh -c 'while :; do :; done' || echo over")
	run(t, "berthctl", "suspend", "web")
	stats := agree(t, &g)
	for _, key := range []string{"cpu.periods", "cpu.throttled.periods", "cpu.throttled.time"} {
		if n, _ := stats[key].(float64); n < 2 {
			t.Errorf("%s is %v", key, stats[key])
		}
	}
}

// TestRefusedForks: forks that the limit refused are counted, also on a kernel that counts them in the group that
// forked.
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

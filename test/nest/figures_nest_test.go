//go:build nest

package nest

import (
	"strings"
	"sync/atomic"
	"testing"

	"github.com/berthd/berth/internal/client"
	cgroupfigures "github.com/berthd/berth/internal/figures"
)

// TestFigures: the figures of all containers come in one call, also of one that is suspended and of one that is off;
// those that the host does not count are absent.
func TestFigures(t *testing.T) {
	clean(t)
	// It uses time of a processor, and then says so.
	script(t, "busy", "i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done; echo done; exec sleep 1000").start(t)
	says(t, "busy", "done")
	sleeper(t, "frozen").start(t)
	run(t, "berthctl", "suspend", "frozen")
	sleeper(t, "off").define(t)
	list, err := bus(t).AllStats(t.Context(), client.StatsFilter{})
	if err != nil || len(list) != 3 {
		t.Fatalf("there are %d containers, %v", len(list), err)
	}
	for i, want := range []struct{ name, state string }{{"busy", "running"}, {"frozen", "paused"}, {"off", "shutoff"}} {
		if got := list[i]; got.Name != want.name || got.State != want.state || got.UUID != info(t, want.name).UUID {
			t.Errorf("container %d is %s, %s, %s", i, got.Name, got.State, got.UUID)
		}
		usage, known := list[i].Get(cgroupfigures.CPUUsageUSec)
		if on := want.state != "shutoff"; known != on || on && usage == 0 {
			t.Errorf("%s has used %d us, %v", want.name, usage, known)
		}
	}
	busy, _ := list[0].Get(cgroupfigures.CPUUserUSec)
	frozen, _ := list[1].Get(cgroupfigures.CPUUserUSec)
	if busy < 5000 || busy < frozen {
		t.Errorf("the busy one has used %d us, and the frozen one %d", busy, frozen)
	}
	started, _ := list[0].Get(cgroupfigures.StartedUSec)
	if want := info(t, "busy").StartedUSec; started != want {
		t.Errorf("it was started at %d, not at %d", started, want)
	}
	if text := run(t, "berthctl", "domstats", "--state", "off", "busy"); !strings.HasPrefix(text, "Domain: 'off'\n  state.state=5\n") || !strings.Contains(text, "Domain: 'busy'\n  state.state=1\n  state.reason=1\n") {
		t.Errorf("domstats prints %s", text)
	}
	if text := run(t, "berthctl", "cpu-stats", "busy", "--total"); !strings.HasPrefix(text, "Total:\n\tcpu_time ") {
		t.Errorf("cpu-stats prints %s", text)
	}
	if r := try(t, "berthctl", "dommemstat", "off"); r.Status != 1 || !strings.Contains(r.Err, "domain is not running") {
		t.Errorf("off: %+v", r)
	}
}

// TestFiguresOfMany: the figures of many containers come in one call, while one of them ends and starts.
func TestFiguresOfMany(t *testing.T) {
	clean(t)
	const many = 30
	containers := make([]string, 0, many)
	for i := range many {
		name := "m" + string(rune('a'+i/10)) + string(rune('0'+i%10))
		sleeper(t, name).start(t)
		containers = append(containers, name)
	}
	over := make(chan struct{})
	var asked atomic.Int64
	go func() {
		defer close(over)
		for n := 0; n < 5 || asked.Load() < 5; n++ {
			_ = try(t, "berthctl", "reset", containers[0])
		}
	}()
	defer func() {
		asked.Store(5)
		<-over
	}()
	c := bus(t)
	for ; ; asked.Add(1) {
		list, err := c.AllStats(t.Context(), client.StatsFilter{})
		if err != nil || len(list) != many {
			t.Fatalf("there are %d containers, %v", len(list), err)
		}
		for i := range list {
			if _, known := list[i].Get(cgroupfigures.CPUUsageUSec); i > 0 && !known {
				t.Fatalf("%s has no figures", list[i].Name)
			}
		}
		select {
		case <-over:
			return
		default:
		}
	}
}

package planner

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
)

// TestNeeds: each limit names its element and its controller, and a definition without any needs none.
func TestNeeds(t *testing.T) {
	t.Parallel()
	d := load(t, "testdata/tuning.xml")
	d.Extension.Idle = true
	var got []string
	for _, n := range Needs(d) {
		got = append(got, fmt.Sprint(n.Controller, " ", n.Element))
	}
	want := []string{
		"io domain/blkiotune/weight", "io domain/blkiotune/device", "io domain/blkiotune/device",
		"memory domain/memtune/hard_limit", "memory domain/memtune/soft_limit", "memory domain/memtune/swap_hard_limit", "memory domain/memtune/min_guarantee",
		"cpuset domain/vcpu@cpuset", "cpu domain/cputune/shares", "cpu domain/cputune/quota", "cpuset domain/numatune/memory",
		"pids domain/berth:container/berth:pids", "memory domain/berth:container/berth:protect", "cpu domain/berth:container/berth:idle",
		"io domain/berth:container/berth:latency",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	for _, n := range Needs(d) {
		for _, file := range n.Files {
			if controller, _, _ := strings.Cut(file, "."); controller != n.Controller {
				t.Errorf("%+v", n)
			}
		}
		if len(n.Files) == 0 {
			t.Errorf("%s needs no file", n.Element)
		}
	}
	if list := Needs(load(t, "../../examples/vm1-host-root.xml")); list != nil {
		t.Errorf("without limits it needs %v", list)
	}
	none := uint64(domain.Unlimited)
	if list := Needs(&domain.Def{Memory: domain.Memory{HardLimit: &none, SoftLimit: &none, SwapHardLimit: &none}}); list != nil {
		t.Errorf("without a limit of memory it needs %v", list)
	}
	if list := Needs(&domain.Def{CPU: domain.CPU{Bandwidth: domain.Bandwidth{Quota: -1, Period: 5000}}}); list != nil {
		t.Errorf("without a quota it needs %v", list)
	}
}

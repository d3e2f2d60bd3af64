package planner

import (
	"slices"
	"testing"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
)

// TestSharedMemory: half of the memory limit fits into /dev/shm, and without a limit the kernel's default.
func TestSharedMemory(t *testing.T) {
	t.Parallel()
	kib := func(n uint64) *uint64 { return &n }
	for name, c := range map[string]struct {
		memory domain.Memory
		want   string
	}{
		"memory":         {domain.Memory{Max: 65536, Current: 1024}, "33554432"},
		"hard limit":     {domain.Memory{Max: 65536, HardLimit: kib(4096)}, "2097152"},
		"with swap":      {domain.Memory{Max: 65536, SwapHardLimit: kib(131072)}, "33554432"},
		"very small":     {domain.Memory{Max: 4}, "65536"},
		"no limit":       {domain.Memory{Max: domain.Unlimited}, ""},
		"a limit lifted": {domain.Memory{Max: 65536, HardLimit: kib(domain.Unlimited)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := minimal()
			d.Memory = c.memory
			p := Build(d, testHost())
			checkPlan(t, p)
			got := ""
			for _, m := range p.Mounts {
				for _, o := range m.Options {
					if m.Target == "/dev/shm" && o.Key == "size" {
						got = o.Value
					}
				}
			}
			if got != c.want {
				t.Errorf("size %q, want %q", got, c.want)
			}
		})
	}
}

// TestMessageQueues: /dev/mqueue is mounted if the kernel has it and the container may: not with a user namespace
// and the ipc namespace of another.
func TestMessageQueues(t *testing.T) {
	t.Parallel()
	mapped := domain.IDMap{UIDs: []domain.IDRange{{Target: 100000, Count: 65536}}, GIDs: []domain.IDRange{{Target: 100000, Count: 65536}}}
	shared := domain.ShareRef{Kind: domain.SharePID, Value: "1"}
	for name, c := range map[string]struct {
		kernel bool
		ids    domain.IDMap
		ipc    domain.ShareRef
		want   bool
	}{
		"own ipc":                         {true, domain.IDMap{}, domain.ShareRef{}, true},
		"own ipc and user namespace":      {true, mapped, domain.ShareRef{}, true},
		"another's ipc":                   {true, domain.IDMap{}, shared, true},
		"another's ipc in user namespace": {true, mapped, shared, false},
		"a kernel without":                {false, domain.IDMap{}, domain.ShareRef{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, h := minimal(), testHost()
			d.IDMap, d.Share.IPC, h.MQueue = c.ids, c.ipc, c.kernel
			got := slices.ContainsFunc(Build(d, h).Mounts, func(m plan.Mount) bool { return m.Type == "mqueue" })
			if got != c.want {
				t.Errorf("mounted: %v", got)
			}
		})
	}
}

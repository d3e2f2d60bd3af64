package planner

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/test/goldenfile"
)

// TestScopeGolden: the scope of a definition that has every limit, and of one that has none, is its golden JSON.
func TestScopeGolden(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{"tuning": "testdata/tuning.xml", "vm1-host-root": "../../examples/vm1-host-root.xml"} {
		var text bytes.Buffer
		e := json.NewEncoder(&text)
		e.SetIndent("", "  ")
		if err := e.Encode(Scope(load(t, file))); err != nil {
			t.Fatal(err)
		}
		golden := "testdata/" + name + ".scope.golden"
		goldenfile.Check(t, golden, text.String())
	}
}

// TestQuota: systemd's computation turns the time in each second into the quota again, for every period.
func TestQuota(t *testing.T) {
	t.Parallel()
	for _, period := range []uint64{0, 1000, 1001, 7000, 33333, 99991, 100000, 999983, 1000000} {
		for _, quota := range []int64{1000, 1001, 3333, 50000, 99999, 100001, 1000003, 17592186044415} {
			s := Scope(&domain.Def{CPU: domain.CPU{Bandwidth: domain.Bandwidth{Period: period, Quota: quota}}})
			used := period
			if period == 0 {
				used = 100000
			}
			// cgroup_apply_cpu_quota of systemd 252
			if got := *s.CPUQuotaPerSec * used / 1_000_000; got != uint64(quota) {
				t.Errorf("%d in %d µs became %d", quota, period, got)
			}
			if (period == 0) != (s.CPUQuotaPeriod == nil) {
				t.Errorf("period %d became %v", period, s.CPUQuotaPeriod)
			}
		}
	}
	for _, quota := range []int64{0, -1} {
		if s := Scope(&domain.Def{CPU: domain.CPU{Bandwidth: domain.Bandwidth{Quota: quota}}}); s.CPUQuotaPerSec != nil {
			t.Errorf("quota %d became %d", quota, *s.CPUQuotaPerSec)
		}
	}
}

// TestIdle: an idle container has the weight 0, and one that says nothing has none.
func TestIdle(t *testing.T) {
	t.Parallel()
	zero := uint64(0)
	for name, tc := range map[string]struct {
		def  domain.Def
		want *uint64
	}{"idle": {domain.Def{Extension: domain.Extension{Idle: true}}, &zero}, "not said": {domain.Def{}, nil}} {
		if diff := cmp.Diff(tc.want, Scope(&tc.def).CPUWeight); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestRLimits: the limits of a definition are the plan's own, beside those of the host.
func TestRLimits(t *testing.T) {
	t.Parallel()
	h := testHost()
	h.Limits = []plan.Limit{{Name: "nofile", Soft: 1024, Hard: 524288}}
	p := Build(load(t, "testdata/tuning.xml"), h)
	want := []plan.Limit{{Name: "nofile", Soft: 4096, Hard: plan.Infinity}, {Name: "core"}}
	if diff := cmp.Diff(want, p.RLimits); diff != "" || !cmp.Equal(p.Limits, h.Limits) {
		t.Errorf("%s; %v", diff, p.Limits)
	}
}

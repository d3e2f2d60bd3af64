package network

import (
	"testing"

	"github.com/vishvananda/netlink"

	"github.com/berthd/berth/internal/plan"
)

// TestClassOf: a link sends at the average rate, and what it has not sent for 10 ms or in a burst at the peak rate.
func TestClassOf(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		rate          plan.Rate
		ceil          uint64
		buffer, ceils uint32 // bytes
	}{
		"average":   {plan.Rate{Average: 1_000_000}, 1_000_000, 11_600, 11_600},
		"slow":      {plan.Rate{Average: 1000}, 1000, 1610, 1610},
		"burst":     {plan.Rate{Average: 1_000_000, Burst: 1 << 20}, 1_000_000, 1 << 20, 1 << 20},
		"peak":      {plan.Rate{Average: 1_000_000, Peak: 4_000_000, Burst: 1 << 20}, 4_000_000, 1 << 20, 41_600},
		"the most":  {plan.Rate{Average: 500_000_000_000}, 500_000_000_000, 0, 0},
		"the least": {plan.Rate{Average: 1000, Burst: 244 * 1024}, 1000, 244 * 1024, 244 * 1024},
	} {
		c := classOf(7, tc.rate)
		if c.LinkIndex != 7 || c.Rate != tc.rate.Average || c.Ceil != tc.ceil {
			t.Errorf("%s: %+v", name, c)
		}
		if tc.buffer == 0 {
			continue
		}
		for got, want := range map[uint32]uint32{netlink.Xmitsize(c.Rate, c.Buffer): tc.buffer, netlink.Xmitsize(c.Ceil, c.Cbuffer): tc.ceils} {
			if diff := int64(got) - int64(want); diff < -int64(want)/100 || diff > int64(want)/100 {
				t.Errorf("%s: a bucket holds %d bytes, want %d", name, got, want)
			}
		}
	}
}

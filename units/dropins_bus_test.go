//go:build bus

package units_test

import (
	"io"
	"slices"
	"testing"

	"github.com/berthd/berth/units"
)

// TestReloadTellsOfTunedUnits: after a reload of systemd, the units that have or had drop-ins are told of once more,
// but none that is gone.
func TestReloadTellsOfTunedUnits(t *testing.T) {
	t.Parallel()
	p := newPair(t, nil)
	told := make(chan string, 8)
	var found func(unit string)
	p.client.WatchProperties(func(_ string, changed func(string)) (io.Closer, error) {
		found = changed
		return io.NopCloser(nil), nil
	}, func(unit string) { told <- unit })
	if _, err := p.client.Start(limited(t), units.Scope{Name: unit, PID: 42}); err != nil {
		t.Fatal(err)
	}
	take := func(n int) []string {
		var list []string
		for range n {
			list = append(list, <-told)
		}
		slices.Sort(list)
		return list
	}
	reload := func() {
		p.systemd.Reloading(true)
		p.systemd.Reloading(false)
	}
	found(unit)
	found("other.scope")
	take(2)
	reload()
	if got := take(2); !slices.Equal(got, []string{unit, "other.scope"}) {
		t.Errorf("a reload tells of %q", got)
	}
	p.systemd.Remove("other.scope")
	reload()
	if got := take(1); got[0] != unit || len(told) > 0 {
		t.Errorf("a reload tells of %q and %d more, and one is gone", got, len(told))
	}
}

package procview

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTimes: each processor gets an equal share of the times since the last update. What a processor had
// stays when others come and go, and what is counted late is no idle time.
func TestTimes(t *testing.T) {
	t.Parallel()
	const s = 1_000_000
	var got Times
	for i, c := range []struct {
		lived, used, processors uint64
		total, first, last      [kinds]uint64
	}{
		{10 * s, 4 * s, 2, [kinds]uint64{2 * s, 0, 2 * s, 16 * s}, [kinds]uint64{s, 0, s, 8 * s}, [kinds]uint64{s, 0, s, 8 * s}},
		{20 * s, 4 * s, 4, [kinds]uint64{2 * s, 0, 2 * s, 56 * s}, [kinds]uint64{s, 0, s, 18 * s}, [kinds]uint64{0, 0, 0, 10 * s}},
		{30 * s, 8 * s, 1, [kinds]uint64{4 * s, 0, 4 * s, 92 * s}, [kinds]uint64{1.5 * s, 0, 1.5 * s, 27 * s}, [kinds]uint64{0.5 * s, 0, 0.5 * s, 19 * s}},
		{40 * s, 8 * s, 1, [kinds]uint64{4 * s, 0, 4 * s, 102 * s}, [kinds]uint64{1.5 * s, 0, 1.5 * s, 37 * s}, [kinds]uint64{0.5 * s, 0, 0.5 * s, 19 * s}},
		{40.01 * s, 8.03 * s, 1, [kinds]uint64{4.015 * s, 0, 4.015 * s, 102 * s}, [kinds]uint64{1.515 * s, 0, 1.515 * s, 37 * s}, [kinds]uint64{0.5 * s, 0, 0.5 * s, 19 * s}},
		{40.04 * s, 8.03 * s, 1, [kinds]uint64{4.015 * s, 0, 4.015 * s, 102.01 * s}, [kinds]uint64{1.515 * s, 0, 1.515 * s, 37.01 * s}, [kinds]uint64{0.5 * s, 0, 0.5 * s, 19 * s}},
		{1, 0, 1, [kinds]uint64{4.015 * s, 0, 4.015 * s, 102.01 * s}, [kinds]uint64{1.515 * s, 0, 1.515 * s, 37.01 * s}, [kinds]uint64{0.5 * s, 0, 0.5 * s, 19 * s}},
	} {
		got.Update(&CPU{Lived: c.lived, Used: c.used, User: c.used / 2, System: c.used / 2}, c.processors)
		for what, pair := range map[string][2][kinds]uint64{
			"all": {c.total, got.total}, "first": {c.first, got.each[0]}, "last": {c.last, got.each[len(got.each)-1]},
		} {
			if diff := cmp.Diff(pair[0], pair[1]); diff != "" {
				t.Errorf("update %d, %s: -want +got\n%s", i, what, diff)
			}
		}
	}
}

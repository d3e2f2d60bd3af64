//go:build bus

package units_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/units"
	"github.com/berthd/berth/units/unitstest"
)

// TestStartLost: a start whose answer was lost is asked again, unless the unit is there: then it is ours if it has our
// process.
func TestStartLost(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		pid   uint32
		there bool
		calls []string
		made  bool
		err   string
	}{
		"not made":       {42, false, []string{"StartTransientUnit " + unit, "GetUnitProcesses " + unit, "StartTransientUnit " + unit}, true, ""},
		"made":           {42, true, []string{"StartTransientUnit " + unit, "GetUnitProcesses " + unit}, true, ""},
		"another's unit": {43, true, []string{"StartTransientUnit " + unit, "GetUnitProcesses " + unit}, false, "start " + unit + ": systemd executed itself anew, and the unit does not have process 43"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lost := false
			p := newPair(t, func(s *unitstest.Systemd, c unitstest.Call) bool {
				switch {
				case c.Method == "StartTransientUnit" && !lost:
					lost = true
					if tc.there {
						s.Add(unit)
					}
					s.Fail(c, "org.freedesktop.DBus.Error.NoReply", "Message recipient disconnected from message bus without replying")
					return true
				case c.Method == "GetUnitProcesses" && !tc.there:
					s.Fail(c, "org.freedesktop.systemd1.NoSuchUnit", "Unit not loaded.")
					return true
				}
				return false
			})
			made, err := p.client.Start(limited(t), units.Scope{Name: unit, PID: tc.pid})
			if made != tc.made || (err == nil) != (tc.err == "") || err != nil && err.Error() != tc.err {
				t.Errorf("%v, %v", made, err)
			}
			if diff := cmp.Diff(tc.calls, slices.DeleteFunc(p.systemd.Calls(), func(c string) bool { return c == "Subscribe" })); diff != "" {
				t.Errorf("calls, -want +got\n%s", diff)
			}
		})
	}
}

//go:build bus

package units_test

import (
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/units"
	"github.com/berthd/berth/units/unitstest"
)

// TestDefaults: systemd's defaults are those of its properties. One that is missing or of another type is an
// error, but for the OOM score, which systemd has since version 250.
func TestDefaults(t *testing.T) {
	t.Parallel()
	full := func() map[string]dbus.Variant {
		return map[string]dbus.Variant{
			"DefaultLimitNOFILE": dbus.MakeVariant(uint64(524288)), "DefaultLimitNOFILESoft": dbus.MakeVariant(uint64(1024)),
			"DefaultLimitCORE": dbus.MakeVariant(units.Infinity), "DefaultLimitCORESoft": dbus.MakeVariant(uint64(0)),
			"TimerSlackNSec": dbus.MakeVariant(uint64(50000)), "DefaultOOMScoreAdjust": dbus.MakeVariant(int32(-5)), "NNames": dbus.MakeVariant(uint32(7)),
		}
	}
	limits := map[string]units.Limit{"nofile": {Soft: 1024, Hard: 524288}, "core": {Soft: 0, Hard: units.Infinity}}
	for name, c := range map[string]struct {
		change func(map[string]dbus.Variant)
		want   units.Defaults
		err    string
	}{
		"all":            {func(map[string]dbus.Variant) {}, units.Defaults{Limits: limits, TimerSlack: 50000, OOMScoreAdjust: -5}, ""},
		"an older one":   {func(m map[string]dbus.Variant) { delete(m, "DefaultOOMScoreAdjust") }, units.Defaults{Limits: limits, TimerSlack: 50000}, ""},
		"a limit less":   {func(m map[string]dbus.Variant) { delete(m, "DefaultLimitCORE") }, units.Defaults{}, "property DefaultLimitCORE: "},
		"another type":   {func(m map[string]dbus.Variant) { m["DefaultLimitCORESoft"] = dbus.MakeVariant("0") }, units.Defaults{}, `property DefaultLimitCORESoft: of type "s"`},
		"no timer slack": {func(m map[string]dbus.Variant) { delete(m, "TimerSlackNSec") }, units.Defaults{}, "property TimerSlackNSec: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := full()
			c.change(all)
			p := newPair(t, func(s *unitstest.Systemd, call unitstest.Call) bool {
				if call.Method == "GetAll" {
					s.Reply(call, all)
				}
				return call.Method == "GetAll"
			})
			got, err := p.client.Defaults(limited(t), []string{"nofile", "core"})
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("error %v, want one with %s", err, c.err)
				}
				return
			}
			if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got)\n%s", err, diff)
			}
		})
	}
}

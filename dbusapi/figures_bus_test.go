//go:build bus

package dbusapi

import (
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/contract"
)

// TestGetAllStats: GetAllStats gives each container that its options let through, with the groups of figures that they
// name.
func TestGetAllStats(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	device := map[string]map[string]map[string]uint64{
		"block": {"vda": {"read-bytes": 512, "read-operations": 1, "write-bytes": 0, "write-operations": 0}},
	}
	none := map[string]map[string]map[string]uint64{}
	a := statsRow{"a", 0, uuidA.String(), ContainerPath(uuidA), "shutoff", "", map[string]uint64{}, none}
	b := statsRow{"b", 41, uuidB.String(), ContainerPath(uuidB), "running", "booted", map[string]uint64{"cpu-usage-usec": 7}, none}
	whole := b
	whole.Figures = map[string]uint64{"cpu-usage-usec": 7, "io-read-bytes": 512, "io-read-operations": 1, "io-write-bytes": 0, "io-write-operations": 0}
	whole.Devices = device
	for name, tc := range map[string]struct {
		options map[string]any
		want    []statsRow
	}{
		"all":        {nil, []statsRow{a, whole}},
		"groups":     {map[string]any{"groups": []string{"cpu", "state"}}, []statsRow{a, b}},
		"figures":    {map[string]any{"figures": []string{"io-read-bytes"}, "groups": []string{"cpu"}}, []statsRow{a, b}},
		"no group":   {map[string]any{"groups": []string{}}, []statsRow{a, b}},
		"running":    {map[string]any{"state": []string{"running"}}, []statsRow{whole}},
		"persistent": {map[string]any{"persistent": true}, []statsRow{a}},
		"named":      {map[string]any{"containers": []dbus.ObjectPath{ContainerPath(uuidB), ContainerPath(uuidC)}}, []statsRow{whole}},
		"none":       {map[string]any{"containers": []dbus.ObjectPath{}}, []statsRow{}},
	} {
		t.Run(name, func(t *testing.T) {
			options := map[string]dbus.Variant{}
			for key, value := range tc.options {
				options[key] = dbus.MakeVariant(value)
			}
			var got []statsRow
			if err := r.call(rootPath, contract.ManagerInterface+".GetAllStats", options).Store(&got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("containers differ (-want +got):\n%s", diff)
			}
		})
	}
	for _, call := range []*dbus.Call{
		r.call(rootPath, contract.ManagerInterface+".GetAllStats", map[string]dbus.Variant{"groups": dbus.MakeVariant([]string{"disk"})}),
		r.call(ContainerPath(uuidB), contract.ContainerInterface+".GetStats", map[string]dbus.Variant{"groups": dbus.MakeVariant([]string{"disk"})}),
		r.call(rootPath, contract.ManagerInterface+".GetAllStats", map[string]dbus.Variant{"figures": dbus.MakeVariant([]string{"cpu"})}),
		r.call(ContainerPath(uuidB), contract.ContainerInterface+".GetStats", map[string]dbus.Variant{"figures": dbus.MakeVariant([]string{"cpu"})}),
		r.call(rootPath, contract.ManagerInterface+".GetAllStats", map[string]dbus.Variant{"group": dbus.MakeVariant([]string{"cpu"})}),
	} {
		fails(t, call, contract.ErrorInvalidArgs)
	}
	for _, q := range r.auth.questions() {
		if q.Action != contract.ActionMonitor {
			t.Errorf("the action is %s", q.Action)
		}
	}
}

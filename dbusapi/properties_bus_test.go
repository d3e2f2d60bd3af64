//go:build bus

package dbusapi

import (
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/contract"
)

// TestProperties: Get and GetAll give every property of the manager and of a container.
func TestProperties(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	get := func(path dbus.ObjectPath, ifaceName string) map[string]any {
		t.Helper()
		var all map[string]dbus.Variant
		if err := r.call(path, propertiesName+".GetAll", ifaceName).Store(&all); err != nil {
			t.Fatalf("GetAll(%q) of %s: %v", ifaceName, path, err)
		}
		return bare(all)
	}
	want := map[string]any{
		"Name": "b", "UUID": uuidB.String(), "Title": "", "Description": "", "OSType": "exe", "State": "running",
		"StateReason": "booted", "StateChangedUSec": uint64(0), "Persistent": false, "Updated": false, "Id": uint32(41),
		"Leader": uint32(42), "OwnerUID": uint32(0), "PrivateUsers": false, "MachineName": "", "Network": "", "Unit": "", "Slice": "", "ControlGroup": "", "RootDirectory": "",
		"LastExit": []any{int32(9), "killed"}, "StartedUSec": uint64(1_000_001), "MemoryMax": uint64(0), "Memory": uint64(0), "CurrentMemory": uint64(0),
		"MemoryHigh": uint64(0), "MemorySwapMax": uint64(0), "MemoryLow": uint64(0), "MemoryMin": uint64(0), "CPUWeight": uint64(0), "CPUQuotaPerSecUSec": uint64(0), "CPUQuotaPeriodUSec": uint64(0),
		"AllowedCPUs": []byte{}, "AllowedMemoryNodes": []byte{}, "Autostart": false, "AutostartOnce": false, "TasksMax": uint64(0), "IOWeight": uint64(0),
		"NUMAMode": "", "IODeviceWeight": [][]any{}, "IOReadBandwidthMax": [][]any{}, "IOWriteBandwidthMax": [][]any{}, "IOReadIOPSMax": [][]any{}, "IOWriteIOPSMax": [][]any{},
		"IODeviceLatencyTargetUSec": [][]any{},
		"VCPUs":                     uint32(0), "Consoles": []string{}, "Interfaces": [][]any{}, "Ready": false, "Status": "",
		"OOMKills": uint64(0), "SecurityModel": "", "SecurityLabel": "", "ImageLabel": "", "RelabelProgress": uint64(0),
	}
	for _, name := range []string{contract.ContainerInterface, ""} {
		if diff := cmp.Diff(want, get(ContainerPath(uuidB), name)); diff != "" {
			t.Errorf("GetAll(%q) differs (-want +got):\n%s", name, diff)
		}
	}
	manager := map[string]any{"Version": "1.2.3", "ContainersRunning": uint32(1), "Audit": "required", "SecurityModel": "selinux", "SecurityEnforcing": true}
	if diff := cmp.Diff(manager, get(rootPath, "")); diff != "" {
		t.Errorf("properties of the manager differ (-want +got):\n%s", diff)
	}
	if got := get(rootPath, peerName); len(got) != 0 {
		t.Errorf("Peer has properties: %v", got)
	}
	for name, value := range want {
		v, err := r.client.Object(contract.BusName, ContainerPath(uuidB)).GetProperty(contract.ContainerInterface + "." + name)
		if err != nil || !cmp.Equal(v.Value(), value) {
			t.Errorf("%s = %v, %v; want %v", name, v, err, value)
		}
	}
}

//go:build bus

package dbusapi

import (
	"context"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
)

// TestSetResources: each resource is handed on with its value, in the order of their names, and the change is one
// PropertiesChanged. One that is unknown or of another type is refused before anything changes.
func TestSetResources(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := ContainerPath(uuidA)
	heard := make(chan string, 3)
	r.core.set(func(_ context.Context, op string, _ domain.UUID) error { heard <- op; return nil })
	type device struct {
		Path   string
		Number uint64
	}
	resources := map[string]dbus.Variant{
		"MemoryMax": dbus.MakeVariant(uint64(1 << 25)), "VCPUs": dbus.MakeVariant(uint32(3)), "CPUWeight": dbus.MakeVariant(^uint64(0)), "AllowedCPUs": dbus.MakeVariant([]byte{0b101}),
		"IODeviceWeight": dbus.MakeVariant([]device{{"/dev/a", 5}}),
	}
	options := map[string]dbus.Variant{"config": dbus.MakeVariant(true)}
	const call = contract.ContainerInterface + ".SetResources"
	if err := r.call(path, call, resources, options).Err; err != nil {
		t.Fatal(err)
	}
	const want = "set [AllowedCPUs=0,2 CPUWeight=18446744073709551615 IODeviceWeight=[{/dev/a 5}] MemoryMax=33554432 VCPUs=3] {Live:false Config:true}"
	if op := <-heard; op != want {
		t.Errorf("got %q, want %q", op, want)
	}
	for name, v := range map[string]any{"Nice": uint64(5), "VCPUs": uint64(5), "MemoryMax": "1G", "AllowedCPUs": make([]byte, 2049), "IODeviceWeight": uint64(5)} {
		fails(t, r.call(path, call, map[string]dbus.Variant{name: dbus.MakeVariant(v)}, noOptions()), contract.ErrorInvalidArgs)
	}
	fails(t, r.call(path, call, resources, map[string]dbus.Variant{"live": dbus.MakeVariant("yes")}), contract.ErrorInvalidArgs)
	fails(t, r.call(path, call, map[string]dbus.Variant{"NUMAMode": dbus.MakeVariant(uint64(1))}, noOptions()), contract.ErrorInvalidArgs)
	select {
	case op := <-heard:
		t.Errorf("a wrong call became %q", op)
	default:
	}
}

// TestGetResources: the reply has each limit by the name that its property has, of the definition that the options
// choose.
func TestGetResources(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := ContainerPath(uuidB)
	const call = contract.ContainerInterface + ".GetResources"
	for option, weight := range map[string]uint64{"live": 0, "config": 1000} {
		vcpus := uint32(2 + weight/1000)
		var got map[string]dbus.Variant
		if err := r.call(path, call, map[string]dbus.Variant{option: dbus.MakeVariant(true)}).Store(&got); err != nil {
			t.Fatal(err)
		}
		if got["CPUWeight"].Value() != weight || got["VCPUs"].Value() != vcpus || got["IOReadBandwidthMax"].String() != `@aav [["/dev/a", 7]]` || len(got) != len(limitProperties()) {
			t.Errorf("%s: got %v", option, got)
		}
	}
	both := map[string]dbus.Variant{"live": dbus.MakeVariant(true), "config": dbus.MakeVariant(true)}
	fails(t, r.call(path, call, both), contract.ErrorInvalidArgs)
}

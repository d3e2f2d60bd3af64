//go:build bus

package dbusapi

import (
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
)

// TestMetadata: SetMetadata and GetMetadata hand on the kind, the value, the key, the URI and the options, and an unknown kind
// is an argument's fault.
func TestMetadata(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := ContainerPath(uuidA)
	config := map[string]dbus.Variant{"config": dbus.MakeVariant(true)}
	if err := r.call(path, contract.ContainerInterface+".SetMetadata", "element", "<a/>", "k", "urn:k", config).Err; err != nil {
		t.Fatal(err)
	}
	var got string
	if err := r.call(path, contract.ContainerInterface+".GetMetadata", "element", "urn:k", config).Store(&got); err != nil || got != "{element <a/> k urn:k} {false true} urn:k {false true}" {
		t.Errorf("%q, %v", got, err)
	}
	fails(t, r.call(path, contract.ContainerInterface+".GetMetadata", "title", "", noOptions()), contract.ErrorNoSuchMetadata)
	fails(t, r.call(path, contract.ContainerInterface+".GetMetadata", "hair", "", noOptions()), contract.ErrorInvalidArgs)
	fails(t, r.call(path, contract.ContainerInterface+".SetMetadata", "", "x", "", "", noOptions()), contract.ErrorInvalidArgs)
}

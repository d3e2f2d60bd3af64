//go:build bus

package dbusapi

import (
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

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

// TestValidateXML: ValidateXML returns each mistake with its kind, element and line, and how many there are no more room for.
func TestValidateXML(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var none, got []fault
	if err := r.call(rootPath, contract.ManagerInterface+".ValidateXML", "", noOptions()).Store(&none); err != nil || len(none) != 0 {
		t.Errorf("a right one: %v, %v", none, err)
	}
	if err := r.call(rootPath, contract.ManagerInterface+".ValidateXML", "<domain/>", noOptions()).Store(&got); err != nil {
		t.Fatal(err)
	}
	want := []fault{{"invalid", "domain/name", 2, "is empty"}, {"unsupported", "domain/x", 0, "is unknown"}, {"more", "", 0, "and 3 more"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestGetJobInfo: GetJobInfo describes the job of a container, and says that there is none.
func TestGetJobInfo(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for uuid, want := range map[dbus.ObjectPath]map[string]any{
		ContainerPath(uuidA): {"kind": "relabel", "elapsed-usec": uint64(2_000_000), "files": uint64(7), "abortable": true}, ContainerPath(uuidB): {"kind": ""},
	} {
		var got map[string]dbus.Variant
		if err := r.call(uuid, contract.ContainerInterface+".GetJobInfo", noOptions()).Store(&got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, bare(got)); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}

// TestDescribeContainers: DescribeContainers gives the properties that are asked for, of the containers that are.
func TestDescribeContainers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	describe := func(names []string, filter map[string]dbus.Variant) (out map[dbus.ObjectPath]map[string]dbus.Variant) {
		t.Helper()
		if err := r.call(rootPath, contract.ManagerInterface+".DescribeContainers", names, filter).Store(&out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	active := map[string]dbus.Variant{"filters": dbus.MakeVariant([]string{"active", "no-autostart"})}
	got := describe([]string{"Name", "Id"}, active)
	if diff := cmp.Diff(map[string]any{"Name": "b", "Id": uint32(41)}, bare(got[ContainerPath(uuidB)])); diff != "" || len(got) != 1 {
		t.Errorf("%d, -want +got:\n%s", len(got), diff)
	}
	if got := describe([]string{}, noOptions()); len(got) != 2 || len(got[ContainerPath(uuidA)]) != len(containerProperties()) {
		t.Errorf("all: %v", got)
	}
	fails(t, r.call(rootPath, contract.ManagerInterface+".DescribeContainers", []string{"Hair"}, noOptions()), contract.ErrorInvalidArgs)
	unknown := map[string]dbus.Variant{"filters": dbus.MakeVariant([]string{"hairy"})}
	for _, method := range []string{"ListContainers", "GetAllStats"} {
		fails(t, r.call(rootPath, contract.ManagerInterface+"."+method, unknown), contract.ErrorInvalidArgs)
	}
}

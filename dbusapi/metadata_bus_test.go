//go:build bus

package dbusapi

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/contract"
)

// TestMetadata: SetMetadata and GetMetadata hand on the kind, the value, the key, the URI and the options, and an
// unknown kind is an argument's fault.
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

// TestValidateXML: ValidateXML returns each mistake with its kind, element and line, how many there are no more room
// for, and whoever asks also gets what has no effect.
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
	warn := map[string]dbus.Variant{"warnings": dbus.MakeVariant(true)}
	var all, device []fault
	if err := r.call(rootPath, contract.ManagerInterface+".ValidateXML", "<domain/>", warn).Store(&all); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(append(want, fault{"warning", "domain/pm", 7, "is of virtual machines"}), all); diff != "" {
		t.Errorf("with warnings, -want +got:\n%s", diff)
	}
	warn["device"] = dbus.MakeVariant(true)
	if err := r.call(rootPath, contract.ManagerInterface+".ValidateXML", "<disk/>", warn).Store(&device); err != nil || len(device) != 1 || device[0].Element != "disk/boot" {
		t.Errorf("a device: %v, %v", device, err)
	}
}

// TestConvertNative: ConvertNative returns the definition and the warnings, takes the texts of other files, and a
// mistake has its file, line and key.
func TestConvertNative(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const method, text = contract.ManagerInterface + ".ConvertNative", "lxc.include = /a.conf\nlxc.rootfs.path = /srv/web\nlxc.include = /b.conf\n"
	options := map[string]dbus.Variant{
		"name": dbus.MakeVariant("web"), "file": dbus.MakeVariant("/c"), "unread": dbus.MakeVariant([]struct{ Name, Text string }{{"/b.conf", "is gone"}}),
		"files": dbus.MakeVariant([]struct{ Name, Text string }{{"/a.conf", "lxc.cgroup2.memory.max = 1G\nlxc.group = x"}}),
	}
	var xml string
	var list []lost
	if err := r.call(rootPath, method, "lxc-tools", text, options).Store(&xml, &list); err != nil {
		t.Fatal(err)
	}
	want := []lost{{"/c", 3, "lxc.include: '/b.conf' is not read: is gone"}, {"/a.conf", 2, "lxc.group: containers have no groups"}}
	if diff := cmp.Diff(want, list); diff != "" || !strings.Contains(xml, "<name>web</name>") || !strings.Contains(xml, ">1048576</hard_limit>") {
		t.Errorf("%s\n-want +got:\n%s", xml, diff)
	}
	fails(t, r.call(rootPath, method, "qemu-argv", "", noOptions()), contract.ErrorInvalidArgs)
	var e dbus.Error
	if err := r.call(rootPath, method, "lxc-tools", "\nnonsense", noOptions()).Err; !errors.As(err, &e) || e.Name != contract.ErrorInvalidArgs || len(e.Body) != 2 {
		t.Fatalf("%v", err)
	}
	if diff := cmp.Diff(map[string]dbus.Variant{"file": dbus.MakeVariant("config"), "line": dbus.MakeVariant(uint32(2)), "key": dbus.MakeVariant("nonsense")}, e.Body[1], cmp.Comparer(func(a, b dbus.Variant) bool { return a.String() == b.String() })); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestConvertNspawn: ConvertNative converts settings of systemd-nspawn with what the caller says of the root, and needs
// that; drop-ins are applied in their order.
func TestConvertNspawn(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const method, text = contract.ManagerInterface + ".ConvertNative", "[Exec]\nEphemeral=yes\n[Network]\nBridge=br0\n"
	options := map[string]dbus.Variant{
		"name": dbus.MakeVariant("web"), "file": dbus.MakeVariant("/w.nspawn"), "root": dbus.MakeVariant("/var/lib/machines/web"), "init": dbus.MakeVariant("/lib/init"),
		"owner": dbus.MakeVariant(uint32(655360)), "untrusted": dbus.MakeVariant(true),
		"dropins": dbus.MakeVariant([]struct{ Name, Text string }{{"/b.conf", "[Service]\nTasksMax=200\n"}, {"/a.conf", "[Service]\nTasksMax=300\nNice=1\n"}}),
	}
	var xml string
	var list []lost
	if err := r.call(rootPath, method, "nspawn", text, options).Store(&xml, &list); err != nil {
		t.Fatal(err)
	}
	where := ""
	for _, l := range list {
		where += fmt.Sprintf("%s:%d ", l.File, l.Line)
	}
	if where != "/w.nspawn:2 /w.nspawn:4 /a.conf:3 " || !strings.Contains(xml, "<berth:pids max='300'/>") || !strings.Contains(xml, "<init>/lib/init</init>") || !strings.Contains(xml, "target='655360'") {
		t.Errorf("%s\n%+v", xml, list)
	}
	fails(t, r.call(rootPath, method, "nspawn", text, noOptions()), contract.ErrorInvalidArgs)
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

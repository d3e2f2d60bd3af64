//go:build bus

package client_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/client"
	"github.com/berthd/berth/internal/client/clienttest"
	"github.com/berthd/berth/internal/figures"
	"github.com/berthd/berth/test/bus"
)

const web = client.Path("/org/berth1/container/_6695eb01_f6a4_8304_79aa_97f2502e193f")

// connect serves answers on a bus of the test's own and connects to it.
func connect(t *testing.T, answers map[string]clienttest.Answer) (*client.Client, *clienttest.Daemon, *bus.Bus) {
	t.Helper()
	b := bus.Start(t)
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", b.Address)
	c, err := client.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, clienttest.Serve(t, b.Connect(t), answers), b
}

func replies(body ...any) clienttest.Answer {
	return func(clienttest.Call) ([]any, error) { return body, nil }
}

// TestBusMethods: each call matches the introspection XML and lets polkit ask. The fake daemon
// compares it.
func TestBusMethods(t *testing.T) {
	c, d, _ := connect(t, map[string]clienttest.Answer{
		"DefineXML": replies(web), "CreateXML": replies(web), "GetContainerByName": replies(web),
		"GetContainerByUUID": replies(web), "GetContainerByLeader": replies(web), "GetContainerByID": replies(web),
		"ListContainers":     replies([]client.Summary{{"web", 7, "6695", "running", web}}),
		"Get":                replies(dbus.MakeVariant("1.2")),
		"SetAutostart":       replies(),
		"ValidateXML":        replies([]client.Fault{{Kind: "invalid", Element: "domain/name", Line: 2, Text: "is empty"}}),
		"ConvertNative":      replies("<domain/>", []client.Lost{{File: "config", Line: 3, Text: "lxc.group: is lost"}}),
		"DescribeContainers": replies(map[client.Path]map[string]dbus.Variant{web: {"Title": dbus.MakeVariant("Web"), "Newer": dbus.MakeVariant(1)}}),
		"GetGuestInfo":       replies(map[string]dbus.Variant{"hostname": dbus.MakeVariant("web"), "time-usec": dbus.MakeVariant(uint64(7)), "newer": dbus.MakeVariant("x")}),
		"GetJobInfo":         replies(map[string]dbus.Variant{"kind": dbus.MakeVariant("relabel"), "files": dbus.MakeVariant(uint64(7)), "newer": dbus.MakeVariant("x")}),
		"Unshift":            replies(map[string]dbus.Variant{"path": dbus.MakeVariant("/srv/web"), "files": dbus.MakeVariant(uint64(7)), "newer": dbus.MakeVariant("x")}),
		"UnshiftPath":        replies(map[string]dbus.Variant{"left": dbus.MakeVariant(uint64(2)), "example": dbus.MakeVariant("/srv/web/x")}),
		"SetMetadata":        replies(), "GetMetadata": replies("Web"),
		"Start": replies(), "Destroy": replies(), "Undefine": replies(), "Suspend": replies(), "Resume": replies(),
		"GetXML": replies("<domain/>"), "GetPlan": replies("{}"), "ReadConsole": replies([]byte("hello\xff")),
		"GetStats": replies(map[string]dbus.Variant{
			"memory-current": dbus.MakeVariant(uint64(4096)), "state": dbus.MakeVariant("running"), "newer": dbus.MakeVariant(uint64(1)),
			"block":     dbus.MakeVariant(map[string]map[string]uint64{"vdb": {"read-bytes": 1}, "vda": {"write-operations": 2, "newer": 3}}),
			"interface": dbus.MakeVariant(map[string]map[string]uint64{"eth1": {"receive-drops": 1, "newer": 4}, "eth0": {"transmit-bytes": 2}}),
		}),
		"GetAll":       replies(properties()),
		"AttachDevice": replies(), "DetachDevice": replies(), "DetachDeviceAlias": replies(), "UpdateDevice": replies(), "SetInterface": replies(),
		"GetInterfaces":         replies([]map[string]dbus.Variant{{"name": dbus.MakeVariant("eth0"), "inbound-average": dbus.MakeVariant(uint64(7)), "newer": dbus.MakeVariant("x")}}),
		"GetInterfaceAddresses": replies([]map[string]dbus.Variant{{"link": dbus.MakeVariant("web0"), "prefix": dbus.MakeVariant(uint32(24))}}),
		"ListDevices": replies([]map[string]dbus.Variant{{
			"kind": dbus.MakeVariant("disk"), "type": dbus.MakeVariant("file"), "read-only": dbus.MakeVariant(true), "newer": dbus.MakeVariant(uint32(1)),
		}}),
		"SetResources": replies(), "GetResources": replies(map[string]dbus.Variant{
			"CPUWeight": dbus.MakeVariant(uint64(5)), "Newer": dbus.MakeVariant("x"), "AllowedCPUs": dbus.MakeVariant([]byte{3}),
			"IOReadIOPSMax": dbus.MakeVariant([]client.DeviceNumber{{Path: "/dev/a", Number: 1}}),
		}),
	})
	ctx := t.Context()
	yes := true
	measured := figures.Figures{Block: []figures.Device{{Name: "vda", WriteOperations: 2}, {Name: "vdb", ReadBytes: 1}}, Interfaces: []figures.Interface{
		{Name: "eth0", Transmit: figures.Traffic{Bytes: 2}}, {Name: "eth1", Receive: figures.Traffic{Drops: 1}},
	}}
	measured.Put(figures.MemoryCurrent, 4096)
	hostname := "web"
	for _, step := range []struct {
		name string
		want any
		do   func() (any, error)
	}{
		{"Define", web, func() (any, error) { return c.Define(ctx, "<domain/>") }},
		{"Create", web, func() (any, error) { return c.Create(ctx, "<domain/>") }},
		{"ByName", web, func() (any, error) { return c.ByName(ctx, "web") }},
		{"ByUUID", web, func() (any, error) { return c.ByUUID(ctx, "6695") }},
		{"ByID", web, func() (any, error) { return c.ByID(ctx, 7) }},
		{"ByLeader", web, func() (any, error) { return c.ByLeader(ctx, 8) }},
		{"List", []client.Summary{{"web", 7, "6695", "running", web}}, func() (any, error) {
			return c.List(ctx, client.Filter{States: []string{"running"}, Persistent: &yes})
		}},
		{"Version", "1.2", func() (any, error) { return c.Version(ctx) }},
		{"Start", nil, func() (any, error) { return nil, c.Start(ctx, web) }},
		{"Destroy", nil, func() (any, error) { return nil, c.Destroy(ctx, web) }},
		{"Undefine", nil, func() (any, error) { return nil, c.Undefine(ctx, web) }},
		{"SetAutostart", nil, func() (any, error) { return nil, c.SetAutostart(ctx, web, true) }},
		{"SetMetadata", nil, func() (any, error) {
			return nil, c.SetMetadata(ctx, web, client.Metadata{Kind: "title", Value: "Web"}, client.TuneOptions{Config: true})
		}},
		{"ValidateXML", []client.Fault{{Kind: "invalid", Element: "domain/name", Line: 2, Text: "is empty"}}, func() (any, error) { return c.ValidateXML(ctx, "<domain/>") }},
		{"ConvertNative", client.Native{XML: "<domain/>", Warnings: []client.Lost{{File: "config", Line: 3, Text: "lxc.group: is lost"}}}, func() (any, error) {
			return c.ConvertNative(ctx, "lxc-tools", "lxc.group = x", client.NativeOptions{Name: "web", File: "config", Files: map[string]string{"/a": "b"}})
		}},
		{"Describe", map[client.Path]client.Info{web: {Title: "Web"}}, func() (any, error) {
			return c.Describe(ctx, client.Filter{Filters: []string{"active"}}, "Title")
		}},
		{"GetGuestInfo", client.GuestInfo{HostName: &hostname, TimeUSec: 7}, func() (any, error) { return c.GetGuestInfo(ctx, web) }},
		{"SetAutostart", nil, func() (any, error) { return nil, c.SetAutostartOnce(ctx, web, true) }},
		{"GetJobInfo", client.Job{Kind: "relabel", Files: 7}, func() (any, error) { return c.GetJobInfo(ctx, web) }},
		{"Unshift", client.Unshifted{Path: "/srv/web", Files: 7}, func() (any, error) {
			return c.Unshift(ctx, web, client.UnshiftOptions{From: 100000, DryRun: true})
		}},
		{"UnshiftPath", client.Unshifted{Left: 2, Example: "/srv/web/x"}, func() (any, error) {
			return c.UnshiftPath(ctx, "/srv/web", client.UnshiftOptions{})
		}},
		{"GetMetadata", "Web", func() (any, error) { return c.GetMetadata(ctx, web, "title", "", client.TuneOptions{Live: true}) }},
		{"Suspend", nil, func() (any, error) { return nil, c.Suspend(ctx, web) }},
		{"Resume", nil, func() (any, error) { return nil, c.Resume(ctx, web) }},
		{"XML", "<domain/>", func() (any, error) { return c.XML(ctx, web, client.Inactive) }},
		{"Plan", "{}", func() (any, error) { return c.Plan(ctx, web, client.Live) }},
		{"Console", []byte("hello\xff"), func() (any, error) { return c.Console(ctx, web, "") }},
		{"Stats", measured, func() (any, error) { return c.Stats(ctx, web, figures.Memory|figures.IO) }},
		{"Resources", client.Info{CPUWeight: 5, AllowedCPUs: []byte{3}, IOReadIOPSMax: []client.DeviceNumber{{Path: "/dev/a", Number: 1}}}, func() (any, error) {
			return c.Resources(ctx, web, client.TuneOptions{Config: true})
		}},
		{"SetResources", nil, func() (any, error) {
			return nil, c.SetResources(ctx, web, client.Resources{"CPUWeight": uint64(5)}, client.TuneOptions{Live: true})
		}},
		{"AttachDevice", nil, func() (any, error) { return nil, c.AttachDevice(ctx, web, "<disk/>", client.TuneOptions{Live: true}) }},
		{"DetachDevice", nil, func() (any, error) { return nil, c.DetachDevice(ctx, web, "<disk/>", client.TuneOptions{}) }},
		{"DetachDeviceAlias", nil, func() (any, error) { return nil, c.DetachDeviceAlias(ctx, web, "disk0", client.TuneOptions{}) }},
		{"SetInterface", nil, func() (any, error) {
			return nil, c.SetInterface(ctx, web, "eth0", client.LinkChange{In: &client.Rate{Average: 1000}}, client.TuneOptions{})
		}},
		{"Interfaces", []client.InterfaceInfo{{Interface: client.Interface{Name: "eth0"}, In: client.Rate{Average: 7}}}, func() (any, error) {
			return c.Interfaces(ctx, web, client.TuneOptions{Live: true})
		}},
		{"InterfaceAddresses", []client.InterfaceAddress{{Link: "web0", Prefix: 24}}, func() (any, error) { return c.InterfaceAddresses(ctx, web, "arp") }},
		{"UpdateDevice", nil, func() (any, error) { return nil, c.UpdateDevice(ctx, web, "<disk/>", client.TuneOptions{Config: true}) }},
		{"ListDevices", []client.Device{{Kind: "disk", Type: "file", ReadOnly: true}}, func() (any, error) { return c.ListDevices(ctx, web, client.TuneOptions{Config: true}) }},
		{"Info", info(), func() (any, error) { return c.Info(ctx, web) }},
	} {
		got, err := step.do()
		if err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
		if diff := cmp.Diff(step.want, got, cmp.AllowUnexported(figures.Set{})); diff != "" {
			t.Errorf("%s: want (-), got (+):\n%s", step.name, diff)
		}
	}
	for _, call := range d.Calls() {
		if call.Flags&dbus.FlagAllowInteractiveAuthorization == 0 {
			t.Errorf("%s: polkit may not ask", call.Member)
		}
	}
}

func info() client.Info {
	return client.Info{
		Name: "web", UUID: "6695", OSType: "exe", State: "running", StateReason: "booted", Persistent: true,
		ID: 7, Leader: 8, OwnerUID: 1000, PrivateUsers: true, MemoryMax: 1 << 26, VCPUs: 1, Consoles: []string{"console0"}, Interfaces: []client.Interface{{"eth0", "bridge", "br0", "vnet0", "", "52:54:00:00:00:01"}}, LastExit: client.Exit{Code: 3, Kind: "exited"},
	}
}

func properties() map[string]dbus.Variant {
	i := info()
	out := map[string]dbus.Variant{}
	for name, value := range map[string]any{
		"Name": i.Name, "UUID": i.UUID, "Title": i.Title, "Description": i.Description, "OSType": i.OSType,
		"State": i.State, "StateReason": i.StateReason, "StateChangedUSec": i.StateChangedUSec,
		"Persistent": i.Persistent, "Updated": i.Updated, "Id": i.ID, "Leader": i.Leader, "OwnerUID": i.OwnerUID, "PrivateUsers": i.PrivateUsers, "MachineName": i.MachineName, "Network": i.Network,
		"Unit": i.Unit, "Slice": i.Slice, "ControlGroup": i.ControlGroup, "RootDirectory": i.RootDirectory,
		"LastExit": i.LastExit, "StartedUSec": i.StartedUSec, "MemoryMax": i.MemoryMax, "VCPUs": i.VCPUs, "Consoles": i.Consoles, "Interfaces": i.Interfaces,
		"Ready": i.Ready, "Status": i.Status,
	} {
		out[name] = dbus.MakeVariant(value)
	}
	return out
}

// TestBusConsole: a console's connection comes out of the reply, and every option is in the call.
func TestBusConsole(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	c, d, _ := connect(t, map[string]clienttest.Answer{"OpenConsole": replies(dbus.UnixFD(null.Fd())), "ResizeConsole": replies()})
	f, err := c.OpenConsole(t.Context(), web, "console1", client.ConsoleOptions{Force: true, From: 7, Rows: 24, Columns: 80})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want, _ := null.Stat()
	if got, err := f.Stat(); err != nil || !os.SameFile(want, got) {
		t.Errorf("got %v, %v", got, err)
	}
	if err := c.ResizeConsole(t.Context(), web, "", 24, 80); err != nil {
		t.Error(err)
	}
	options := map[string]dbus.Variant{
		"framed": dbus.MakeVariant(true), "force": dbus.MakeVariant(true), "from": dbus.MakeVariant(uint64(7)),
		"rows": dbus.MakeVariant(uint16(24)), "columns": dbus.MakeVariant(uint16(80)),
	}
	if diff := cmp.Diff([]any{"console1", options}, d.Calls()[0].Args, cmp.Comparer(func(a, b dbus.Variant) bool { return a.String() == b.String() })); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}

// TestBusRefusal: an error of the daemon keeps its name, message and details.
func TestBusRefusal(t *testing.T) {
	want := &client.Error{Name: "org.berth1.Error.StartFailed", Message: "cannot start", Details: map[string]any{"step": "scope"}}
	c, _, _ := connect(t, map[string]clienttest.Answer{
		"Start": func(clienttest.Call) ([]any, error) { return nil, want },
	})
	if diff := cmp.Diff(error(want), c.Start(t.Context(), web)); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}

// TestBusMissingProperty: a daemon without the properties is an error.
func TestBusMissingProperty(t *testing.T) {
	c, _, _ := connect(t, map[string]clienttest.Answer{"GetAll": replies(map[string]dbus.Variant{})})
	if i, err := c.Info(t.Context(), web); err == nil {
		t.Errorf("got %v of a daemon without properties", i)
	}
}

// TestBusOlderDaemon: a property that an older daemon does not have yet is no error. What runs there counts as ready.
func TestBusOlderDaemon(t *testing.T) {
	for state, ready := range map[string]bool{"running": true, "paused": true, "shutoff": false} {
		older := properties()
		older["State"] = dbus.MakeVariant(state)
		delete(older, "Ready")
		delete(older, "Status")
		c, _, _ := connect(t, map[string]clienttest.Answer{"GetAll": replies(older)})
		want := info()
		want.State, want.Ready = state, ready
		if got, err := c.Info(t.Context(), web); err != nil || !cmp.Equal(want, got) {
			t.Errorf("%s: got %+v, %v", state, got, err)
		}
	}
}

// TestBusWrongType: a property of another type is an error.
func TestBusWrongType(t *testing.T) {
	wrong := properties()
	wrong["MemoryMax"] = dbus.MakeVariant("much")
	c, _, _ := connect(t, map[string]clienttest.Answer{"GetAll": replies(wrong)})
	if i, err := c.Info(t.Context(), web); err == nil {
		t.Errorf("got %v", i)
	}
}

// TestBusGivingUp: a call that is never answered ends with its context.
func TestBusGivingUp(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	arrived := make(chan struct{})
	c, _, _ := connect(t, map[string]clienttest.Answer{
		"Start": func(clienttest.Call) ([]any, error) { close(arrived); <-release; return nil, nil },
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	if err := c.Start(ctx, web); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestBusNoService: without the daemon a call is ServiceUnknown.
func TestBusNoService(t *testing.T) {
	b := bus.Start(t)
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", b.Address)
	c, err := client.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, err = c.ByName(t.Context(), "web")
	if name := client.NameOf(err); name != contract.ErrorServiceUnknown {
		t.Errorf("got %v (%s)", err, name)
	}
}

// TestBusLost: a call after the loss of the bus is ErrLost.
func TestBusLost(t *testing.T) {
	c, d, b := connect(t, nil)
	b.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := c.ByName(ctx, "web"); !errors.Is(err, client.ErrLost) {
		t.Errorf("got %v after %d calls", err, len(d.Calls()))
	}
}

// TestBusNoBus: without a bus, Connect is ErrConnect.
func TestBusNoBus(t *testing.T) {
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path="+t.TempDir()+"/socket")
	if _, err := client.Connect(t.Context()); !errors.Is(err, client.ErrConnect) {
		t.Errorf("got %v", err)
	}
}

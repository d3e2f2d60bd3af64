//go:build bus

package dbusapi

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

// TestManagerMethods: each method of the manager that finds or makes a container returns that
// container's path.
func TestManagerMethods(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	tests := []struct {
		name string
		args []any
		want dbus.ObjectPath
	}{
		{"GetContainerByName", []any{"a"}, ContainerPath(uuidA)},
		{"GetContainerByUUID", []any{uuidB.String()}, ContainerPath(uuidB)},
		{"GetContainerByUUID", []any{strings.ReplaceAll(uuidB.String(), "-", "")}, ContainerPath(uuidB)},
		{"GetContainerByID", []any{uint32(41)}, ContainerPath(uuidB)},
		{"GetContainerByLeader", []any{uint32(42)}, ContainerPath(uuidB)},
		{"DefineXML", []any{"c", noOptions()}, ContainerPath(uuidC)},
		{"CreateXML", []any{"c", noOptions()}, ContainerPath(uuidC)},
	}
	for _, tt := range tests {
		var got dbus.ObjectPath
		if err := r.call(rootPath, contract.ManagerInterface+"."+tt.name, tt.args...).Store(&got); err != nil || got != tt.want {
			t.Errorf("%s(%v) = %s, %v; want %s", tt.name, tt.args, got, err, tt.want)
		}
	}
}

// row is one container in ListContainers' reply.
type row struct {
	Name  string
	ID    uint32
	UUID  string
	State string
	Path  dbus.ObjectPath
}

// TestListContainers: ListContainers filters by state and by persistence, and by both.
func TestListContainers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := row{"a", 0, uuidA.String(), "shutoff", ContainerPath(uuidA)}
	b := row{"b", 41, uuidB.String(), "running", ContainerPath(uuidB)}
	tests := []struct {
		name   string
		filter map[string]dbus.Variant
		want   []row
	}{
		{"all", noOptions(), []row{a, b}},
		{"running", map[string]dbus.Variant{"state": dbus.MakeVariant([]string{"running", "paused"})}, []row{b}},
		{"persistent", map[string]dbus.Variant{"persistent": dbus.MakeVariant(true)}, []row{a}},
		{"transient", map[string]dbus.Variant{"persistent": dbus.MakeVariant(false)}, []row{b}},
		{"no state", map[string]dbus.Variant{"state": dbus.MakeVariant([]string{})}, []row{}},
		{
			"both", map[string]dbus.Variant{
				"state": dbus.MakeVariant([]string{"running"}), "persistent": dbus.MakeVariant(true),
			}, []row{},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []row
			if err := r.call(rootPath, contract.ManagerInterface+".ListContainers", tt.filter).Store(&got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("containers differ (-want +got):\n%s", diff)
			}
		})
	}
}

// TestContainerMethods: each method of a container does what its name says, and an undefined
// container has no object.
func TestContainerMethods(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path := ContainerPath(uuidA)
	for _, step := range []struct{ method, state string }{
		{"Start", "running"}, {"Suspend", "paused"}, {"Resume", "running"}, {"Destroy", "shutoff"},
	} {
		if err := r.call(path, contract.ContainerInterface+"."+step.method, noOptions()).Err; err != nil {
			t.Fatalf("%s: %v", step.method, err)
		}
		state, err := r.client.Object(contract.BusName, path).GetProperty(contract.ContainerInterface + ".State")
		if err != nil || state.Value() != step.state {
			t.Errorf("after %s the state is %v, %v; want %s", step.method, state, err, step.state)
		}
	}
	var live, stored, livePlan, storedPlan string
	var output, none []byte
	var stats map[string]dbus.Variant
	for _, err := range []error{
		r.call(path, contract.ContainerInterface+".GetXML", false, noOptions()).Store(&live),
		r.call(path, contract.ContainerInterface+".GetXML", true, noOptions()).Store(&stored),
		r.call(path, contract.ContainerInterface+".GetPlan", false, noOptions()).Store(&livePlan),
		r.call(path, contract.ContainerInterface+".GetPlan", true, noOptions()).Store(&storedPlan),
		r.call(path, contract.ContainerInterface+".ReadConsole", "console0", noOptions()).Store(&output),
		r.call(path, contract.ContainerInterface+".ReadConsole", "empty", noOptions()).Store(&none),
		r.call(path, contract.ContainerInterface+".GetStats", noOptions()).Store(&stats),
		r.call(path, contract.ContainerInterface+".Undefine", noOptions()).Err,
	} {
		if err != nil {
			t.Error(err)
		}
	}
	if live != "<domain/>" || stored != "<inactive/><domain/>" || string(output) != "output of console0" || len(none) != 0 {
		t.Errorf("got %q, %q, %q, %q", live, stored, output, none)
	}
	if livePlan != `{"inactive": false}` || storedPlan != `{"inactive": true}` {
		t.Errorf("the plans are %q, %q", livePlan, storedPlan)
	}
	want := map[string]any{
		"cpu-usage-usec": uint64(7), "io-read-bytes": uint64(512), "io-read-operations": uint64(1), "io-write-bytes": uint64(0),
		"io-write-operations": uint64(0), "state": "shutoff", "reason": "",
		"block":     map[string]map[string]uint64{"vda": {"read-bytes": 512, "read-operations": 1, "write-bytes": 0, "write-operations": 0}},
		"interface": map[string]map[string]uint64{},
	}
	if diff := cmp.Diff(want, bare(stats)); diff != "" {
		t.Errorf("statistics differ (-want +got):\n%s", diff)
	}
	fails(t, r.call(path, contract.ContainerInterface+".Start", noOptions()), contract.ErrorUnknownObject)
}

// TestErrorsOnTheBus: each error of the core reaches the caller with its name, text and details.
// Only an unexpected one is logged, once.
func TestErrorsOnTheBus(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	failWith := func(err error) {
		r.core.set(func(context.Context, string, domain.UUID) error { return err })
	}
	for _, c := range errorCases() {
		failWith(c.err)
		call := r.call(ContainerPath(uuidA), contract.ContainerInterface+".Start", noOptions())
		if text := fails(t, call, c.name); text != `cannot start domain "a": `+c.text {
			t.Errorf("%s: message %q", c.ident, text)
		}
		if e, ok := errors.AsType[dbus.Error](call.Err); ok {
			want := c.details
			if want == nil {
				want = map[string]any{}
			}
			if diff := cmp.Diff(want, bare(e.Body[1].(map[string]dbus.Variant))); diff != "" {
				t.Errorf("%s: details differ (-want +got):\n%s", c.ident, diff)
			}
		}
	}
	if r.log.String() != "" {
		t.Errorf("expected errors were logged: %s", r.log)
	}
	failWith(errors.New("disk full"))
	fails(t, r.call(ContainerPath(uuidA), contract.ContainerInterface+".Start", noOptions()), contract.ErrorInternal)
	if got := strings.Count(r.log.String(), "disk full"); got != 1 {
		t.Errorf("the unexpected error was logged %d times, want once:\n%s", got, r.log)
	}
	failWith(nil)
	if text := fails(t, r.call(rootPath, contract.ManagerInterface+".GetContainerByName", "x"), contract.ErrorNoSuchContainer); text !=
		`cannot find domain "x": no such container, or no right to see it (org.berth1.read)` {
		t.Errorf("message %q", text)
	}
	fails(t, r.call(rootPath, contract.ManagerInterface+".GetContainerByLeader", uint32(0)), contract.ErrorNoSuchContainer)
	fails(t, r.call(rootPath, contract.ManagerInterface+".GetContainerByUUID", uuidC.String()), contract.ErrorNoSuchContainer)
	fails(t, r.call(rootPath, contract.ManagerInterface+".GetContainerByUUID", "web"), contract.ErrorInvalidArgs)
}

// TestBadCalls: a call that is wrong in path, interface, method, arguments, options or property
// gets the standard error that names what is wrong.
func TestBadCalls(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a, missing := ContainerPath(uuidA), ContainerPath(uuidC)
	option := func(key string, value any) map[string]dbus.Variant {
		return map[string]dbus.Variant{key: dbus.MakeVariant(value)}
	}
	tests := []struct {
		name   string
		path   dbus.ObjectPath
		member string
		args   []any
		want   string
		text   string
	}{
		{"no such object", "/org/berth1/x", "org.berth1.Manager.ListContainers", []any{noOptions()}, contract.ErrorUnknownObject, "/org/berth1/x"},
		{"no such container", missing, "org.berth1.Container.Start", []any{noOptions()}, contract.ErrorUnknownObject, string(missing)},
		{"properties of no container", missing, propertiesName + ".GetAll", []any{""}, contract.ErrorUnknownObject, string(missing)},
		{"introspect no container", missing, "org.freedesktop.DBus.Introspectable.Introspect", nil, contract.ErrorUnknownObject, string(missing)},
		{"no such interface", rootPath, "org.berth1.Container.Start", []any{noOptions()}, contract.ErrorUnknownInterface, "org.berth1.Container"},
		{"manager's interface on a container", a, "org.berth1.Manager.ListContainers", []any{noOptions()}, contract.ErrorUnknownInterface, "org.berth1.Manager"},
		{"properties of a branch", containerPath, propertiesName + ".GetAll", []any{""}, contract.ErrorUnknownInterface, propertiesName},
		{"no such method", a, "org.berth1.Container.Explode", []any{noOptions()}, contract.ErrorUnknownMethod, "Explode"},
		{"no arguments", a, "org.berth1.Container.Start", nil, contract.ErrorInvalidArgs, `"a{sv}"`},
		{"other arguments", a, "org.berth1.Container.Start", []any{"now"}, contract.ErrorInvalidArgs, `"s"`},
		{"too many arguments", a, "org.berth1.Container.Start", []any{noOptions(), true}, contract.ErrorInvalidArgs, `"a{sv}b"`},
		{"unknown option", a, "org.berth1.Container.Start", []any{option("paused", true)}, contract.ErrorInvalidArgs, `no option "paused"`},
		{"unknown filter", rootPath, "org.berth1.Manager.ListContainers", []any{option("color", "red")}, contract.ErrorInvalidArgs, `no option "color"`},
		{"filter of another type", rootPath, "org.berth1.Manager.ListContainers", []any{option("state", "running")}, contract.ErrorInvalidArgs, `"as"`},
		{"no such property", a, propertiesName + ".Get", []any{contract.ContainerInterface, "Colour"}, contract.ErrorUnknownProperty, "Colour"},
		{"property of no interface", a, propertiesName + ".Get", []any{"org.berth1.X", "Name"}, contract.ErrorUnknownInterface, "org.berth1.X"},
		{"all properties of no interface", a, propertiesName + ".GetAll", []any{"org.berth1.X"}, contract.ErrorUnknownInterface, "org.berth1.X"},
		{"set", a, propertiesName + ".Set", []any{contract.ContainerInterface, "Name", dbus.MakeVariant("b")}, contract.ErrorPropertyReadOnly, "Name"},
		{"set no such property", a, propertiesName + ".Set", []any{contract.ContainerInterface, "X", dbus.MakeVariant("b")}, contract.ErrorUnknownProperty, "X"},
		{"no such method of Peer", "/x", peerName + ".Pong", nil, contract.ErrorUnknownMethod, "Pong"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if text := fails(t, r.call(tt.path, tt.member, tt.args...), tt.want); !strings.Contains(text, tt.text) {
				t.Errorf("message %q does not name %q", text, tt.text)
			}
		})
	}
}

// TestNoInterface: a call without an interface finds the method, as the specification allows.
func TestNoInterface(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for member, want := range map[string]bool{"Start": true, "Ping": true, "GetManagedObjects": false} {
		var args []any
		if member == "Start" {
			args = []any{noOptions()}
		}
		msg := &dbus.Message{Type: dbus.TypeMethodCall, Body: args, Headers: map[dbus.HeaderField]dbus.Variant{
			dbus.FieldDestination: dbus.MakeVariant(contract.BusName),
			dbus.FieldPath:        dbus.MakeVariant(ContainerPath(uuidA)),
			dbus.FieldMember:      dbus.MakeVariant(member),
		}}
		if args != nil {
			msg.Headers[dbus.FieldSignature] = dbus.MakeVariant(dbus.SignatureOf(args...))
		}
		call := <-r.client.Send(msg, make(chan *dbus.Call, 1)).Done
		if want && call.Err != nil {
			t.Errorf("%s: %v", member, call.Err)
		}
		if !want {
			fails(t, call, contract.ErrorUnknownMethod)
		}
	}
}

// TestPeer: every path answers Ping, and GetMachineId gives the host's id.
func TestPeer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, path := range []dbus.ObjectPath{"/", rootPath, ContainerPath(uuidA), "/nowhere"} {
		if err := r.call(path, peerName+".Ping").Err; err != nil {
			t.Errorf("Ping of %s: %v", path, err)
		}
	}
	id, err := os.ReadFile("/etc/machine-id")
	call := r.call(rootPath, peerName+".GetMachineId")
	if err != nil {
		fails(t, call, contract.ErrorFileNotFound)
		return
	}
	var got string
	if err := call.Store(&got); err != nil || got != strings.TrimSpace(string(id)) {
		t.Errorf("GetMachineId = %q, %v; want %q", got, err, id)
	}
}

// TestBusctl: busctl shows the tree, the interfaces and the properties, and can call.
func TestBusctl(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a, b := string(ContainerPath(uuidA)), string(ContainerPath(uuidB))
	tests := []struct {
		name string
		args []string
		want []string
	}{
		{"tree", []string{"--list", "tree", contract.BusName}, []string{"/\n", "/org\n", "/org/berth1\n", "/org/berth1/container\n", a + "\n", b + "\n"}},
		{
			"introspect the manager",
			[]string{"introspect", contract.BusName, string(rootPath)},
			[]string{".DefineXML", ".Lifecycle", ".ContainersRunning", ".GetManagedObjects", ".PropertiesChanged", `"1.2.3"`},
		},
		{
			"introspect a container",
			[]string{"introspect", contract.BusName, b},
			[]string{".ReadConsole", ".LastExit", "1000001", "org.freedesktop.DBus.Peer", "const"},
		},
		{"introspect a branch", []string{"introspect", contract.BusName, "/org"}, []string{".Introspect", ".Ping"}},
		{"call", []string{"call", contract.BusName, a, contract.ContainerInterface, "Start", "a{sv}", "0"}, []string{""}},
		{"get-property", []string{"get-property", contract.BusName, a, contract.ContainerInterface, "State"}, []string{`s "running"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cmd := exec.Command("busctl", append([]string{"--address=" + r.bus.Address, "--no-pager", "--full"}, tt.args...)...)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			for _, want := range tt.want {
				if !strings.Contains(string(out), want) {
					t.Errorf("no %q in:\n%s", want, out)
				}
			}
		})
	}
}

// TestManagedObjects: GetManagedObjects lists each container with all of its properties.
func TestManagedObjects(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var got map[dbus.ObjectPath]map[string]map[string]dbus.Variant
	if err := r.call(rootPath, objectManagerName+".GetManagedObjects").Store(&got); err != nil {
		t.Fatal(err)
	}
	if len(got) != len(r.core.List()) {
		t.Errorf("%d objects, want %d", len(got), len(r.core.List()))
	}
	for _, snap := range r.core.List() {
		props := got[ContainerPath(snap.UUID)][contract.ContainerInterface]
		if len(props) != len(containerProperties()) || props["Name"].Value() != snap.Name {
			t.Errorf("object %s has properties %v", ContainerPath(snap.UUID), props)
		}
	}
}

// TestEveryMethodInEveryState: no method with arguments of the right types ends the server or is an
// internal error, in any state of a container and without one.
func TestEveryMethodInEveryState(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	paths := []dbus.ObjectPath{"/", rootPath, ContainerPath(domain.UUID{9})}
	for i, state := range []service.State{
		service.StateShutoff, service.StateStarting, service.StateRunning, service.StatePaused, service.StateStopping, "unheard of",
	} {
		u := domain.UUID{0xd, byte(i + 1)}
		r.core.mu.Lock()
		r.core.snaps[u] = service.Snapshot{UUID: u, Name: string(state), State: state}
		r.core.mu.Unlock()
		paths = append(paths, ContainerPath(u))
	}
	for name, i := range served() {
		for _, m := range i.methods {
			for _, path := range paths {
				call := r.call(path, name+"."+m.name, sample(m)...)
				var e dbus.Error
				if call.Err != nil && (!errors.As(call.Err, &e) || e.Name == contract.ErrorInternal) {
					t.Errorf("%s.%s of %s: %v", name, m.name, path, call.Err)
				}
			}
		}
	}
	if r.log.String() != "" {
		t.Errorf("log: %s", r.log)
	}
}

//go:build bus

package dbusapi

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/service"
)

// TestAuthorityIsAsked: each call asks about the bus's own name of the caller, the method's action, those that imply
// it, and the container or the network. A dialogue comes only if the caller's message allows it.
func TestAuthorityIsAsked(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	me := dbus.Sender(r.client.Names()[0])
	details := map[string]string{"verb": "Undefine", "container": "a", "uuid": uuidA.String()}
	r.auth.set(nil)
	r.call(ContainerPath(uuidA), contract.ContainerInterface+".Undefine", noOptions())
	r.call(rootPath, contract.NetworksInterface+".StartNetwork", "lan", noOptions())
	r.auth.set(func(_ context.Context, q question) error {
		if q.Interactive {
			return nil
		}
		return service.ErrInteraction
	})
	fails(t, r.call(rootPath, contract.ManagerInterface+".GetNodeInfo", noOptions()), contract.ErrorInteractionRequired)
	msg := interactively(rootPath, contract.ManagerInterface, "GetNodeInfo", noOptions())
	if call := <-r.client.Send(msg, make(chan *dbus.Call, 1)).Done; call.Err != nil {
		t.Error(call.Err)
	}
	node := map[string]string{"verb": "GetNodeInfo"}
	asked := []question{{me, contract.ActionRead, node, false}}
	for _, action := range contract.ImpliedBy(contract.ActionRead) {
		asked = append(asked, question{me, action, node, false})
	}
	want := append(slices.Concat(asked, asked), question{me, contract.ActionRead, node, true})
	if diff := cmp.Diff(want, r.auth.questions()); diff != "" {
		t.Errorf("questions differ (-want +got):\n%s", diff)
	}
	r.auth.set(nil)
	r.call(ContainerPath(uuidB), contract.ContainerInterface+".Suspend", noOptions())
	r.call(rootPath, contract.NetworksInterface+".StartNetwork", "lan", noOptions())
	details["verb"], details["container"], details["uuid"] = "Suspend", "b", uuidB.String()
	want = []question{
		{me, contract.ActionControl, details, false},
		{me, contract.ActionControl, map[string]string{"verb": "StartNetwork", "network": "lan"}, false},
	}
	if diff := cmp.Diff(want, r.auth.questions()); diff != "" {
		t.Errorf("questions differ (-want +got):\n%s", diff)
	}
}

// interactively is a call whose caller is ready to wait for a password.
func interactively(path dbus.ObjectPath, iface, member string, args ...any) *dbus.Message {
	return &dbus.Message{
		Type: dbus.TypeMethodCall, Flags: dbus.FlagAllowInteractiveAuthorization, Body: args,
		Headers: map[dbus.HeaderField]dbus.Variant{
			dbus.FieldDestination: dbus.MakeVariant(contract.BusName), dbus.FieldPath: dbus.MakeVariant(path),
			dbus.FieldInterface: dbus.MakeVariant(iface), dbus.FieldMember: dbus.MakeVariant(member),
			dbus.FieldSignature: dbus.MakeVariant(dbus.SignatureOf(args...)),
		},
	}
}

// TestStranger: a caller without any right gets from each method of a container the error that it does not exist, in
// the same words whether it does or not, and from all others that he may not; whatever his arguments are. Nothing is
// done (T14).
func TestStranger(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	tests := []struct {
		name           string
		err            error
		above, missing string // the errors
		logged         bool
	}{
		{"denied", service.ErrDenied, contract.ErrorAccessDenied, contract.ErrorUnknownObject, false},
		{"interaction", service.ErrInteraction, contract.ErrorInteractionRequired, contract.ErrorUnknownObject, false},
		{"the authority is broken", errors.New("polkit is away"), contract.ErrorAccessDenied, contract.ErrorAccessDenied, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r.auth.set(func(context.Context, question) error { return tt.err })
			for _, i := range served() {
				for _, m := range i.methods {
					for _, args := range [][]any{sample(m), {int64(7), "wrong"}} {
						r.refusesStranger(t, i, m, args, tt.above, tt.missing)
					}
				}
			}
			if logged := strings.Contains(r.log.String(), "polkit is away"); logged != tt.logged {
				t.Errorf("log: %q", r.log)
			}
		})
	}
	if len(r.core.List()) != 2 {
		t.Errorf("something was done: %v", r.core.List())
	}
}

// refusesStranger checks one method on each object that has it.
func (r *rig) refusesStranger(t *testing.T, i *iface, m *method, args []any, above, missing string) {
	t.Helper()
	for k, paths := range map[kind][]dbus.ObjectPath{
		kindManager: {rootPath}, kindContainer: {ContainerPath(uuidA), ContainerPath(uuidC)},
		kindProcess: {
			ProcessPath(service.ProcessKey{Container: uuidB, Run: 1, ID: 1}), ProcessPath(service.ProcessKey{Container: uuidC, Run: 1, ID: 1}),
		},
	} {
		has := slices.ContainsFunc(ifaces()[k], func(one *iface) bool { return one.name == i.name })
		want := missing
		if k == kindManager {
			want = above
			if m.open == asksFor && above == contract.ErrorAccessDenied && missing != above {
				want = contract.ErrorNoSuchContainer
			}
		}
		if !has || m.open == "" && m.openAbove != "" && k == kindManager || m.open != "" && m.open != listsVisible && m.open != asksFor || m.open == asksFor || m.open == listsVisible && len(args) > 0 && args[0] == any(int64(7)) {
			continue
		}
		texts := map[string]bool{}
		for _, path := range paths {
			text := fails(t, r.call(path, i.name+"."+m.name, args...), want)
			texts[strings.ReplaceAll(text, string(path), "PATH")] = true
		}
		if len(texts) != 1 {
			t.Errorf("%s.%s tells what exists: %v", i.name, m.name, texts)
		}
	}
}

// TestHiddenIsMissing: who looks for a container that he may not see finds none, in the same words as for one that is
// not there.
func TestHiddenIsMissing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.auth.set(func(_ context.Context, q question) error {
		if q.Details["container"] == "b" || q.Details["uuid"] == uuidB.String() {
			return nil
		}
		return service.ErrDenied
	})
	for _, tt := range []struct {
		method         string
		hidden, absent any
		seen           any
	}{
		{"GetContainerByName", "a", "x", "b"},
		{"GetContainerByUUID", uuidA.String(), uuidC.String(), uuidB.String()},
		{"GetContainerByID", uint32(9), uint32(99), uint32(41)},
		{"GetContainerByLeader", uint32(9), uint32(99), uint32(42)},
	} {
		texts := map[string]bool{}
		for _, arg := range []any{tt.hidden, tt.absent} {
			text := fails(t, r.call(rootPath, contract.ManagerInterface+"."+tt.method, arg), contract.ErrorNoSuchContainer)
			texts[strings.ReplaceAll(text, fmt.Sprintf("%q", fmt.Sprint(arg)), "ARG")] = true
		}
		if len(texts) != 1 {
			t.Errorf("%s tells what exists: %v", tt.method, texts)
		}
		var path dbus.ObjectPath
		if err := r.call(rootPath, contract.ManagerInterface+"."+tt.method, tt.seen).Store(&path); err != nil || path != ContainerPath(uuidB) {
			t.Errorf("%s: %v, %v", tt.method, path, err)
		}
	}
}

// TestListsAreOfWhatOneSees: lists, introspection and counts have what the caller may see and nothing else. One who
// sees nothing gets the error of having no right, whether there are containers or not.
func TestListsAreOfWhatOneSees(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	sees := func(name string) {
		r.auth.set(func(_ context.Context, q question) error {
			if name != "" && q.Details["container"] == name {
				return nil
			}
			return service.ErrDenied
		})
	}
	check := func(want string, running uint32) {
		t.Helper()
		var rows []row
		var objects map[dbus.ObjectPath]map[string]map[string]dbus.Variant
		var tree string
		var count dbus.Variant
		for _, err := range []error{
			r.call(rootPath, contract.ManagerInterface+".ListContainers", noOptions()).Store(&rows),
			r.call(rootPath, objectManagerName+".GetManagedObjects").Store(&objects),
			r.call(containerPath, "org.freedesktop.DBus.Introspectable.Introspect").Store(&tree),
			r.call(rootPath, propertiesName+".Get", contract.ManagerInterface, "ContainersRunning").Store(&count),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if len(rows) != 1 || rows[0].Name != want || len(objects) != 1 {
			t.Errorf("rows %v, objects %v", rows, objects)
		}
		if strings.Count(tree, "<node name") != 1 {
			t.Errorf("tree %s", tree)
		}
		if count.Value() != running {
			t.Errorf("%v run, want %d", count, running)
		}
	}
	sees("a")
	check("a", 0)
	sees("b")
	check("b", 1)
	sees("")
	fails(t, r.call(rootPath, contract.ManagerInterface+".ListContainers", noOptions()), contract.ErrorAccessDenied)
	fails(t, r.call(rootPath, contract.ManagerInterface+".GetAllStats", noOptions()), contract.ErrorAccessDenied)
	fails(t, r.call(rootPath, objectManagerName+".GetManagedObjects"), contract.ErrorAccessDenied)
}

// sample makes arguments of the types that a method takes.
func sample(m *method) []any {
	var args []any
	if m.in == "a(sh)a{sv}" {
		return []any{[]named{}, noOptions()}
	}
	if m.in == "a{sv}a{sv}" {
		return []any{map[string]dbus.Variant{"MemoryMax": dbus.MakeVariant(uint64(1 << 20))}, noOptions()}
	}
	if m.in == "sa{sv}a{sv}" {
		return []any{"a", map[string]dbus.Variant{"link-state": dbus.MakeVariant("up")}, noOptions()}
	}
	rest, list := strings.CutPrefix(strings.TrimSuffix(m.in, "a{sv}"), "as")
	if list {
		args = append(args, []string{"auto"})
	}
	for _, c := range rest {
		args = append(args, map[rune]any{'s': "a", 'b': true, 'u': uint32(1), 'q': uint16(1), 'i': int32(1), 'x': int64(1), 'v': dbus.MakeVariant("x")}[c])
	}
	if strings.HasSuffix(m.in, "a{sv}") {
		args = append(args, noOptions())
	}
	return args
}

// TestSlowAuthorization: while one caller thinks about a password, another can stop the container.
// The slow call takes place after all when it is allowed.
func TestSlowAuthorization(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	slow := r.bus.Connect(t)
	thinking, allow := make(chan struct{}), make(chan struct{})
	r.auth.set(func(_ context.Context, q question) error {
		if q.Sender == dbus.Sender(slow.Names()[0]) {
			close(thinking)
			<-allow
		}
		return nil
	})
	first := slow.Object(contract.BusName, ContainerPath(uuidB)).Go(contract.ContainerInterface+".Suspend", 0, nil, noOptions())
	<-thinking
	if err := r.call(ContainerPath(uuidB), contract.ContainerInterface+".Destroy", noOptions()).Err; err != nil {
		t.Fatal(err)
	}
	close(allow)
	if <-first.Done; first.Err != nil {
		t.Fatal(first.Err)
	}
	if snap, _ := r.core.ByUUID(uuidB); snap.State != "paused" {
		t.Errorf("the state is %s: the slow call was not the last", snap.State)
	}
	waitFor(t, "all lines to be empty", r.noneQueued)
}

// TestUsersOnTheBus: the caller's user is the one that the bus names, and a caller who is not on the bus is nobody.
func TestUsersOnTheBus(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	users := NewUsers(r.bus.Connect(t), nil)
	uid, err := users.UID(t.Context(), dbus.Sender(r.client.Names()[0]))
	if err != nil || int(uid) != os.Geteuid() {
		t.Errorf("uid %d: %d, %v", os.Geteuid(), uid, err)
	}
	if _, err := users.UID(t.Context(), ":1.9999"); err == nil {
		t.Error("a caller that is not on the bus is known")
	}
}

// TestLogControlIsTheAdmins: to change the daemon's log is to administer the host, and to read it is free.
func TestLogControlIsTheAdmins(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.auth.set(func(_ context.Context, q question) error {
		if q.Action == contract.ActionManage {
			return nil
		}
		return service.ErrDenied
	})
	path := dbus.ObjectPath(contract.LogControlPath)
	if err := r.call(path, propertiesName+".GetAll", contract.LogControlInterface).Err; err != nil {
		t.Error(err)
	}
	text := fails(t, r.call(path, propertiesName+".Set", contract.LogControlInterface, "LogLevel", dbus.MakeVariant("debug")), contract.ErrorAccessDenied)
	if text != contract.ActionAdmin+" is not authorized" {
		t.Errorf("message %q", text)
	}
}

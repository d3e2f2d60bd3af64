//go:build bus

package dbusapi

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/service"
)

// TestAuthorizerIsAsked: each call asks about the bus's own name of the caller, the method's
// action, and the container.
func TestAuthorizerIsAsked(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	me := dbus.Sender(r.client.Names()[0])
	details := map[string]string{"verb": "Undefine", "container": "a", "uuid": uuidA.String()}
	r.auth.set(nil)
	r.call(ContainerPath(uuidA), contract.ContainerInterface+".Undefine", noOptions())
	msg := &dbus.Message{
		Type: dbus.TypeMethodCall, Flags: dbus.FlagAllowInteractiveAuthorization,
		Headers: map[dbus.HeaderField]dbus.Variant{
			dbus.FieldDestination: dbus.MakeVariant(contract.BusName), dbus.FieldPath: dbus.MakeVariant(rootPath),
			dbus.FieldInterface: dbus.MakeVariant(peerName), dbus.FieldMember: dbus.MakeVariant("Ping"),
		},
	}
	<-r.client.Send(msg, make(chan *dbus.Call, 1)).Done
	want := []question{
		{me, contract.ActionManage, details, false},
		{me, contract.ActionRead, map[string]string{"verb": "Ping"}, true},
	}
	if diff := cmp.Diff(want, r.auth.questions()); diff != "" {
		t.Errorf("questions differ (-want +got):\n%s", diff)
	}
}

// TestRefused: a caller without a right gets one error from every method, which does not say
// whether a container exists. Nothing is done.
func TestRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	tests := []struct {
		name   string
		err    error
		want   string
		logged bool
	}{
		{"denied", ErrAccessDenied, contract.ErrorAccessDenied, false},
		{"interaction", ErrInteractionRequired, contract.ErrorInteractionRequired, false},
		{"the authority is broken", errors.New("polkit is away"), contract.ErrorAccessDenied, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r.auth.set(func(context.Context, question) error { return tt.err })
			for k, list := range ifaces() {
				paths := map[kind][]dbus.ObjectPath{
					kindBranch: {"/org"}, kindManager: {rootPath}, kindContainer: {ContainerPath(uuidA), ContainerPath(uuidC)},
					kindProcess: {ProcessPath(service.ProcessKey{Container: uuidB, Run: 1, ID: 1})},
				}[k]
				for _, i := range list {
					for _, m := range i.methods {
						for _, path := range paths {
							fails(t, r.call(path, i.name+"."+m.name, sample(m)...), tt.want)
						}
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

// TestRootOnlyOnTheBus: the caller's user is the one that the bus names, and a caller who is not on
// the bus is refused.
func TestRootOnlyOnTheBus(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	root := NewRootOnly(r.bus.Connect(t))
	me := dbus.Sender(r.client.Names()[0])
	err := root.Authorize(t.Context(), me, contract.ActionRead, nil, false)
	if (err == nil) != (os.Geteuid() == 0) {
		t.Errorf("uid %d: %v", os.Geteuid(), err)
	}
	if err := root.Authorize(t.Context(), ":1.9999", contract.ActionRead, nil, false); err == nil {
		t.Error("a caller that is not on the bus is allowed")
	}
}

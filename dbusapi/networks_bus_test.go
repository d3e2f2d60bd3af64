//go:build bus

package dbusapi

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/service"
)

// TestNetworkMethods: each method about networks reaches the core, and returns what the contract says.
func TestNetworkMethods(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const networks = contract.NetworksInterface + "."
	var rows, leases []map[string]dbus.Variant
	var one map[string]dbus.Variant
	var xml, inactive, name string
	only := map[string]dbus.Variant{"inactive": dbus.MakeVariant(true)}
	for _, c := range []struct {
		member string
		args   []any
		to     []any
	}{
		{"ListNetworks", []any{noOptions()}, []any{&rows}},
		{"GetNetwork", []any{"default"}, []any{&one}},
		{"GetNetworkXML", []any{"default", noOptions()}, []any{&xml}},
		{"GetNetworkXML", []any{"default", only}, []any{&inactive}},
		{"GetNetworkLeases", []any{"default", noOptions()}, []any{&leases}},
		{"DefineNetworkXML", []any{"<network/>", noOptions()}, []any{&name}},
		{"UndefineNetwork", []any{"default", noOptions()}, nil},
		{"StartNetwork", []any{"default", noOptions()}, nil},
		{"DestroyNetwork", []any{"default", noOptions()}, nil},
		{"SetNetworkAutostart", []any{"default", true, noOptions()}, nil},
	} {
		if err := r.call(rootPath, networks+c.member, c.args...).Store(c.to...); err != nil {
			t.Errorf("%s: %v", c.member, err)
		}
	}
	described := map[string]any{
		"name": "default", "uuid": uuidA.String(), "bridge": "berth0", "forward": "nat", "origin": "shipped", "active": true, "persistent": true,
		"autostart": false,
	}
	broken := map[string]any{
		"name": "broken", "uuid": service.NetworkInfo{}.UUID.String(), "bridge": "", "forward": "", "origin": "berth", "active": false, "persistent": true,
		"autostart": true, "fault": "no XML",
	}
	lease := map[string]any{
		"mac": "52:54:00:00:00:01", "address": "192.168.179.2", "prefix": uint32(24), "client-id": "01ab", "expires-usec": uint64(7),
	}
	if len(rows) != 2 || len(leases) != 1 {
		t.Fatalf("got %v, %v", rows, leases)
	}
	want := []any{broken, described, described, "<network/>\n", "<network/>\n", lease, "default"}
	if diff := cmp.Diff(want, []any{bare(rows[0]), bare(rows[1]), bare(one), xml, inactive, bare(leases[0]), name}); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
	done := []string{
		"list", "find default", "xml default", "xml default inactive", "leases default", "define <network/>", "undefine default", "start default",
		"destroy default", "autostart default on",
	}
	if diff := cmp.Diff(done, r.networks.all()); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}

// TestNetworkByUUID: who calls a network by its uuid is asked about by its name, as rules have it, and that one is
// meant.
func TestNetworkByUUID(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	asked := make(chan string, 9)
	r.auth.set(func(_ context.Context, q question) error {
		asked <- q.Details["network"]
		return nil
	})
	if err := r.call(rootPath, contract.NetworksInterface+".StartNetwork", uuidA.String(), noOptions()).Err; err != nil {
		t.Fatal(err)
	}
	if got := <-asked; got != "default" {
		t.Errorf("asked about %q", got)
	}
	if done := r.networks.all(); done[len(done)-1] != "start default" {
		t.Errorf("done: %v", done)
	}
}

// TestNetworkErrors: each error about networks has its name on the bus, with the sentence of its method.
func TestNetworkErrors(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, c := range []struct {
		err  error
		name string
	}{
		{fmt.Errorf("%w with matching name 'x'", service.ErrNoNetwork), contract.ErrorNoSuchNetwork},
		{&service.NetworkStateError{Name: "x", Active: true}, contract.ErrorAlreadyRunning},
		{&service.NetworkStateError{Name: "x"}, contract.ErrorNotRunning},
		{&service.NetworkExistsError{Name: "x", UUID: "u"}, contract.ErrorNetworkExists},
		{service.ErrForeignNetwork, contract.ErrorForeignNetwork},
		{&service.StartError{Step: "bridge", Err: service.ErrLinkTaken}, contract.ErrorStartFailed},
		{service.ErrLinkTaken, contract.ErrorInvalidConfig},
		{errors.New("odd"), contract.ErrorInternal},
	} {
		r.networks.fail(c.err)
		call := r.call(rootPath, contract.NetworksInterface+".StartNetwork", "x", noOptions())
		if text := fails(t, call, c.name); text != `cannot start network "x": `+c.err.Error() {
			t.Errorf("%s: %q", c.name, text)
		}
	}
}

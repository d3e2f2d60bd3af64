//go:build bus

package client_test

import (
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/client"
	"github.com/berthd/berth/internal/client/clienttest"
)

// TestBusNetworks: each call about networks matches the introspection XML, and reads what it knows of the reply.
func TestBusNetworks(t *testing.T) {
	row := map[string]dbus.Variant{
		"name": dbus.MakeVariant("default"), "uuid": dbus.MakeVariant("6695"), "bridge": dbus.MakeVariant("berth0"), "active": dbus.MakeVariant(true),
		"persistent": dbus.MakeVariant(true), "newer": dbus.MakeVariant(uint32(1)),
	}
	lease := map[string]dbus.Variant{
		"mac": dbus.MakeVariant("52:54"), "address": dbus.MakeVariant("10.0.0.2"), "prefix": dbus.MakeVariant(uint32(24)),
		"client-id": dbus.MakeVariant("01"), "expires-usec": dbus.MakeVariant(uint64(7)),
	}
	c, d, _ := connect(t, map[string]clienttest.Answer{
		"ListNetworks": replies([]map[string]dbus.Variant{row}), "GetNetwork": replies(row), "GetNetworkXML": replies("<network/>"),
		"GetNetworkLeases": replies([]map[string]dbus.Variant{lease}), "DefineNetworkXML": replies("default"), "UndefineNetwork": replies(),
		"StartNetwork": replies(), "DestroyNetwork": replies(), "SetNetworkAutostart": replies(),
	})
	ctx := t.Context()
	network := client.Network{Name: "default", UUID: "6695", Bridge: "berth0", Active: true, Persistent: true}
	for _, step := range []struct {
		name string
		want any
		do   func() (any, error)
	}{
		{"list", []client.Network{network}, func() (any, error) { return c.Networks(ctx) }},
		{"find", network, func() (any, error) { return c.Network(ctx, "default") }},
		{"xml", "<network/>", func() (any, error) { return c.NetworkXML(ctx, "default", client.Inactive) }},
		{"leases", []client.NetworkLease{{MAC: "52:54", Address: "10.0.0.2", ClientID: "01", Prefix: 24, Expires: time.UnixMicro(7)}}, func() (any, error) {
			return c.NetworkLeases(ctx, "default")
		}},
		{"define", "default", func() (any, error) { return c.DefineNetwork(ctx, "<network/>") }},
		{"undefine", nil, func() (any, error) { return nil, c.UndefineNetwork(ctx, "default") }},
		{"start", nil, func() (any, error) { return nil, c.StartNetwork(ctx, "default") }},
		{"destroy", nil, func() (any, error) { return nil, c.DestroyNetwork(ctx, "default") }},
		{"autostart", nil, func() (any, error) { return nil, c.SetNetworkAutostart(ctx, "default", true) }},
	} {
		got, err := step.do()
		if diff := cmp.Diff(step.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v, want (-), got (+):\n%s", step.name, err, diff)
		}
	}
	if args := d.Calls()[2].Args; len(args) != 2 || args[1].(map[string]dbus.Variant)["inactive"] != dbus.MakeVariant(true) {
		t.Errorf("the inactive definition was not asked for: %v", args)
	}
}

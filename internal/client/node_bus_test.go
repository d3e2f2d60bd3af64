//go:build bus

package client_test

import (
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/client"
	"github.com/berthd/berth/internal/client/clienttest"
)

// TestBusNode: each call about the host matches the introspection XML, and a fact that is not there is no error.
func TestBusNode(t *testing.T) {
	c, _, _ := connect(t, map[string]clienttest.Answer{
		"GetNodeInfo": replies(map[string]dbus.Variant{
			"architecture": dbus.MakeVariant("x86_64"), "cpus": dbus.MakeVariant(uint32(8)), "later": dbus.MakeVariant("x"),
			"memory-total": dbus.MakeVariant(uint64(4096)), "online-cpus": dbus.MakeVariant([]byte{5}),
		}),
		"GetCapabilities":    replies("<capabilities/>"),
		"GetNodeMemoryStats": replies([]client.NodeStats{{Part: -1, Figures: map[string]uint64{"free": 1}}}),
		"GetNodeCPUStats":    replies([]client.NodeStats{{Part: 3, Figures: map[string]uint64{"user-nsec": 1}}}),
	})
	ctx := t.Context()
	for _, step := range []struct {
		name string
		want any
		do   func() (any, error)
	}{
		{"NodeInfo", client.Node{Architecture: "x86_64", CPUs: 8, MemoryTotal: 4096, Online: []byte{5}}, func() (any, error) { return c.NodeInfo(ctx) }},
		{"Capabilities", "<capabilities/>", func() (any, error) { return c.Capabilities(ctx) }},
		{"NodeMemory", []client.NodeStats{{Part: -1, Figures: map[string]uint64{"free": 1}}}, func() (any, error) { return c.NodeMemory(ctx) }},
		{"NodeCPU", []client.NodeStats{{Part: 3, Figures: map[string]uint64{"user-nsec": 1}}}, func() (any, error) { return c.NodeCPU(ctx) }},
	} {
		got, err := step.do()
		if diff := cmp.Diff(step.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v, want (-), got (+):\n%s", step.name, err, diff)
		}
	}
}

package export

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/plan"
)

const definition = "<domain type='lxc'><name>web</name><memory>1</memory><os><type>exe</type><init>/init</init></os></domain>"

// TestRead: a definition and a plan that cannot be read are errors which say so, and so is a plan without a root.
func TestRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ xml, plan, want string }{
		"definition": {"<domain/>", `{"sources":[{"path":"/"}]}`, "read the definition: "},
		"plan":       {definition, `{"sources":1}`, "read the plan: "},
		"no root":    {definition, `{}`, "read the plan: it has no root"},
		"good":       {definition, `{"sources":[{"path":"/srv"}],"later":{"field":1}}`, ""},
	} {
		s, err := Read(c.xml, c.plan)
		if c.want == "" && (err != nil || s.Def.Name != "web" || s.Plan.Sources[0].Path != "/srv") || c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)) {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
}

// TestMapped: the owners of a source are mapped by its mount unless they are among the container's ids on the host, or
// there is no user namespace. What is not known is mapped.
func TestMapped(t *testing.T) {
	t.Parallel()
	s := &Source{Plan: &plan.Plan{Namespaces: plan.Namespaces{User: true}, UIDs: []plan.IDRange{{Inside: 0, Outside: 100, Count: 10}, {Inside: 10, Outside: 500, Count: 1}}}}
	for uid, want := range map[uint32]bool{0: true, 99: true, 100: false, 109: false, 110: true, 500: false, 501: true} {
		h := Host{Owner: func(string) (uint32, error) { return uid, nil }}
		if got := h.Mapped(s, plan.Source{Path: "/srv", IDMapped: true}); got != want {
			t.Errorf("owner %d: %v", uid, got)
		}
	}
	unknown := Host{Owner: func(string) (uint32, error) { return 0, errors.New("no") }}
	if !unknown.Mapped(s, plan.Source{IDMapped: true}) || unknown.Mapped(s, plan.Source{}) || unknown.Mapped(&Source{Plan: &plan.Plan{}}, plan.Source{IDMapped: true}) {
		t.Error("not known, not to be mapped, no user namespace")
	}
}

// TestLinkCommands: a macvlan, and a port of VLANs, have the words of ip(8) and bridge(8).
func TestLinkCommands(t *testing.T) {
	t.Parallel()
	macvlan := plan.Interface{Kind: plan.Macvlan, Name: "eth0", MAC: "52:54:00:00:00:01", Parent: "eno1", Mode: "passthrough"}
	if diff := cmp.Diff([]string{"ip link add link eno1 name eth0 netns $PID address 52:54:00:00:00:01 type macvlan mode passthru"}, LinkCommands(&macvlan)); diff != "" {
		t.Error(diff)
	}
	veth := plan.Interface{
		Kind: plan.Veth, Name: "eth1", MAC: "52:54:00:00:00:02", MTU: 1400, Up: true,
		Host: plan.HostEnd{Name: "vnet0", MAC: "fe:54:00:00:00:02", Bridge: "br0", Up: true, Isolated: true, VLANs: []plan.PortVLAN{{ID: 7, PVID: true, Untagged: true}, {ID: 8}}},
	}
	want := []string{
		"ip link add vnet0 address fe:54:00:00:00:02 mtu 1400 type veth peer name eth1 netns $PID address 52:54:00:00:00:02 mtu 1400",
		"ip link set vnet0 master br0", "bridge link set dev vnet0 isolated on", "bridge vlan add dev vnet0 vid 7 pvid untagged", "bridge vlan add dev vnet0 vid 8",
		"ip link set vnet0 up", "nsenter -t $PID -n ip link set eth1 up",
	}
	if diff := cmp.Diff(want, LinkCommands(&veth)); diff != "" {
		t.Error(diff)
	}
}

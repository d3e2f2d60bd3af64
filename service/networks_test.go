package service

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/netxml"
)

const (
	natXML = `<network><name>%s</name><forward mode='nat'/><bridge name='%s'/>` +
		`<ip address='%s' prefix='24'><dhcp><range start='10.1.1.2' end='10.1.1.9'/></dhcp></ip></network>`
	bridgedXML = `<network><name>bridged</name><forward mode='bridge'/><bridge name='br0'/></network>`
)

// netDef is the definition of a network behind NAT.
func netDef(name, bridge string) *netxml.Def {
	d, err := netxml.Parse(fmt.Appendf(nil, natXML, name, bridge, "10.1.1.1"))
	if err != nil {
		panic(err)
	}
	return d.Complete(netxml.Chosen{UUID: netxml.NameUUID(name)})
}

// netRig is a registry over a fake store and a fake host.
type netRig struct {
	*Networks
	store  *fakeNetStore
	host   *fakeNetHost
	events netEvents
}

func newNetRig(t *testing.T) *netRig {
	t.Helper()
	r := &netRig{store: newFakeNetStore(), host: newFakeNetHost()}
	r.store.stored = []StoredNetwork{{Name: "default", Origin: OriginShipped, Def: netDef("default", "berth0")}}
	r.again(t)
	return r
}

// again replaces the registry by that of a new daemon.
func (r *netRig) again(t *testing.T) {
	t.Helper()
	n, err := NewNetworks(NetworksDeps{Store: r.store, Host: r.host, Observer: &r.events, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	r.Networks = n
}

// bare checks that nothing of any network is left.
func (r *netRig) bare(t *testing.T) {
	t.Helper()
	if len(r.store.notes) > 0 || len(r.host.things) > 0 {
		t.Errorf("left: notes %v, things %v", r.store.notes, r.host.things)
	}
}

// whole checks that a network is active, with all that it consists of.
func (r *netRig) whole(t *testing.T, name, bridge string) {
	t.Helper()
	want := map[string]bool{"filter berth-" + bridge: true, "files " + bridge: true, "bridge " + bridge: true}
	if diff := cmp.Diff(want, r.host.things); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
	if got, err := r.Bridge(name); got != bridge || err != nil {
		t.Errorf("bridge %q, %v", got, err)
	}
	if note := r.store.notes[name]; note.State != NoteActive {
		t.Errorf("note %+v", note)
	}
}

// TestNetworkLife: a network is started and stopped, each once, and nothing is left of it.
func TestNetworkLife(t *testing.T) {
	t.Parallel()
	r, ctx := newNetRig(t), t.Context()
	var state *NetworkStateError
	if _, err := r.Bridge("default"); !errors.As(err, &state) || state.Active || !strings.Contains(err.Error(), "berthctl net-start default") {
		t.Errorf("bridge: %v", err)
	}
	if err := r.Destroy(ctx, "default"); !errors.As(err, &state) || state.Active {
		t.Errorf("destroy: %v", err)
	}
	if err := r.Start(ctx, netxml.NameUUID("default").String()); err != nil {
		t.Fatal(err)
	}
	r.whole(t, "default", "berth0")
	if err := r.Start(ctx, "default"); !errors.As(err, &state) || !state.Active {
		t.Errorf("start: %v", err)
	}
	if err := r.Destroy(ctx, "default"); err != nil {
		t.Fatal(err)
	}
	r.bare(t)
	for _, err := range []error{
		r.Start(ctx, "nosuch"), r.Destroy(ctx, "nosuch"), r.Undefine(ctx, "nosuch"), r.SetAutostart(ctx, "nosuch", true),
		second(r.Bridge("nosuch")), second(r.XML("nosuch", false)), second(r.Leases(ctx, "nosuch")), second(r.Network("nosuch")),
	} {
		if !errors.Is(err, ErrNoNetwork) || !strings.Contains(err.Error(), "'nosuch'") {
			t.Errorf("got %v", err)
		}
	}
}

// TestNetworkStopsWithoutNote: a network can be stopped while there is no room for its note.
func TestNetworkStopsWithoutNote(t *testing.T) {
	t.Parallel()
	r := newNetRig(t)
	if err := r.Start(t.Context(), "default"); err != nil {
		t.Fatal(err)
	}
	r.store.full = true
	if err := r.Destroy(t.Context(), "default"); err != nil {
		t.Error(err)
	}
	r.bare(t)
	if err := r.Start(t.Context(), "default"); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("start: %v", err)
	}
	r.bare(t)
}

// TestNetworkRecover: a new daemon goes on with an active network, and makes again what others have removed of it.
func TestNetworkRecover(t *testing.T) {
	t.Parallel()
	for _, gone := range []string{"", "filter berth-berth0", "files berth0", "bridge berth0"} {
		r := newNetRig(t)
		if err := r.Start(t.Context(), "default"); err != nil {
			t.Fatal(err)
		}
		delete(r.host.things, gone)
		r.host.filters = 0
		r.again(t)
		if err := r.Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.whole(t, "default", "berth0")
		if made := r.host.filters; (made > 0) != strings.HasPrefix(gone, "filter") {
			t.Errorf("without %q the filter was made %d times", gone, made)
		}
		if err := r.Destroy(t.Context(), "default"); err != nil {
			t.Error(err)
		}
		r.bare(t)
	}
}

// TestNetworkAutostart: the first daemon after a boot starts what has autostart, and a later one does not.
func TestNetworkAutostart(t *testing.T) {
	t.Parallel()
	r, ctx := newNetRig(t), t.Context()
	if err := r.SetAutostart(ctx, "default", true); err != nil {
		t.Fatal(err)
	}
	for _, boot := range []bool{true, false, true} {
		r.store.booted = !boot
		r.again(t)
		if err := r.Recover(ctx); err != nil {
			t.Fatal(err)
		}
		if !boot {
			r.bare(t)
			continue
		}
		r.whole(t, "default", "berth0")
		if err := r.Destroy(ctx, "default"); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNetworkConflicts: a network whose bridge, table or addresses the host has already is not started, and the error
// names the element.
func TestNetworkConflicts(t *testing.T) {
	t.Parallel()
	taken := func(prefix string, route bool) []TakenNetwork {
		return []TakenNetwork{{Prefix: netip.MustParsePrefix(prefix), Link: "eth0", Route: route}}
	}
	for _, c := range []struct {
		taken   []TakenNetwork
		link    string
		table   string
		element string
	}{
		{taken("10.1.1.0/24", false), "", "", "network/ip@address"},
		{taken("10.0.0.0/8", false), "", "", "network/ip@address"},
		{taken("10.1.1.128/25", true), "", "", "network/ip@address"},
		{taken("10.1.1.0/24", true), "", "", "network/ip@address"},
		{taken("10.0.0.0/8", true), "", "", ""},
		{taken("10.1.2.0/24", false), "", "", ""},
		{nil, "berth0", "", "network/bridge@name"},
		{nil, "", "filter berth-berth0", "network/bridge@name"},
		{nil, "", "filter berth-other", ""},
	} {
		r := newNetRig(t)
		r.host.taken, r.host.links = c.taken, []string{c.link}
		if c.table != "" {
			r.host.things[c.table] = true
		}
		err := r.Start(t.Context(), "default")
		var e *domain.Error
		if c.element == "" && err == nil {
			continue
		}
		if !errors.As(err, &e) || e.Element != c.element {
			t.Errorf("%v: %v, want %q", c, err, c.element)
		}
		if c.table != "" && !r.host.things[c.table] {
			t.Errorf("%v: the other's table is gone", c)
		}
		delete(r.host.things, c.table)
		r.bare(t)
	}
}

// TestNetworkOfHostsBridge: a network of the mode bridge makes nothing, and needs the bridge.
func TestNetworkOfHostsBridge(t *testing.T) {
	t.Parallel()
	r, ctx := newNetRig(t), t.Context()
	if _, err := r.Define(ctx, []byte(bridgedXML)); err != nil {
		t.Fatal(err)
	}
	var e *domain.Error
	if err := r.Start(ctx, "bridged"); !errors.As(err, &e) || e.Element != "network/bridge@name" {
		t.Errorf("got %v", err)
	}
	r.host.links = []string{"br0"}
	if err := r.Start(ctx, "bridged"); err != nil {
		t.Fatal(err)
	}
	r.again(t)
	if err := r.Recover(ctx); err != nil {
		t.Fatal(err)
	}
	if bridge, err := r.Bridge("bridged"); bridge != "br0" || err != nil || len(r.host.things) > 0 {
		t.Errorf("got %q, %v, %v", bridge, err, r.host.things)
	}
	if err := r.Destroy(ctx, "bridged"); err != nil {
		t.Error(err)
	}
	r.bare(t)
}

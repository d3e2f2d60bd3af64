package service

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestNetworkRulesRemoved: the rules of an active network that others remove are made again at once; those of one that
// is being stopped are not.
func TestNetworkRulesRemoved(t *testing.T) {
	t.Parallel()
	r, ctx := newNetRig(t), t.Context()
	if err := r.Start(ctx, "default"); err != nil {
		t.Fatal(err)
	}
	delete(r.host.things, "filter berth-berth0")
	r.host.removed()
	r.whole(t, "default", "berth0")
	r.host.removed() // it is there
	if r.host.filters != 2 {
		t.Errorf("it was made %d times", r.host.filters)
	}
	if err := r.Destroy(ctx, "default"); err != nil {
		t.Fatal(err)
	}
	r.host.removed()
	r.bare(t)
	if err := r.Start(ctx, "default"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"watch", "stop", "watch"}, r.host.watches); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
	want := netEvents{"default started", "default updated", "default stopped", "default started"}
	if diff := cmp.Diff(want, r.events); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}

// TestNetworkWithoutWatch: a host that cannot tell what others do has its networks all the same, and is asked again.
func TestNetworkWithoutWatch(t *testing.T) {
	t.Parallel()
	r, ctx := newNetRig(t), t.Context()
	r.host.fails = map[string]error{"watch": errors.New("no memory")}
	for range 2 {
		if err := r.Start(ctx, "default"); err != nil {
			t.Fatal(err)
		}
		if err := r.Destroy(ctx, "default"); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"watch", "watch"}, r.host.watches); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}

// TestNetworkWays: networks behind NAT reach the bridges of routed networks, and each change of these and of the host's
// default routes counts at once.
func TestNetworkWays(t *testing.T) {
	t.Parallel()
	r, ctx := newNetRig(t), t.Context()
	for i, mode := range []string{"route", "open"} {
		xml := fmt.Sprintf("<network><name>%s</name><forward mode='%[1]s'/><bridge name='%[1]s0'/><ip address='10.2.%d.1' prefix='24'/></network>", mode, i)
		if _, err := r.Define(ctx, []byte(xml)); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		do   func() error
		want []string
	}{
		{func() error { return r.Start(ctx, "default") }, nil},
		{func() error { return r.Start(ctx, "route") }, []string{"route0"}},
		{func() error { return r.Start(ctx, "open") }, []string{"open0", "route0"}},
		{func() error { r.host.ways = nil; r.host.routes(); return nil }, []string{"open0", "route0"}},
		{func() error { return r.Destroy(ctx, "route") }, []string{"open0"}},
		{func() error { r.host.ways = nil; r.again(t); return r.Recover(ctx) }, []string{"open0"}},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		if got, there := r.host.ways["berth0"]; !there || !slices.Equal(got, step.want) {
			t.Errorf("the ways are %v, not %v", r.host.ways, step.want)
		}
	}
}

// TestNetworkEvents: an observer is told of each change of a network, and of nothing that changed nothing.
func TestNetworkEvents(t *testing.T) {
	t.Parallel()
	r, ctx := newNetRig(t), t.Context()
	if _, err := r.Define(ctx, []byte("<network><name>lab</name></network>")); err != nil {
		t.Fatal(err)
	}
	for _, do := range []func() error{
		func() error { return r.SetAutostart(ctx, "lab", true) },
		func() error { return r.SetAutostart(ctx, "lab", true) },
		func() error { return r.Start(ctx, "lab") },
		func() error { return r.Destroy(ctx, "lab") },
		func() error { return r.Undefine(ctx, "lab") },
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	_ = r.Destroy(ctx, "lab")
	want := netEvents{"lab defined", "lab updated", "lab started", "lab stopped", "lab undefined"}
	if diff := cmp.Diff(want, r.events); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}

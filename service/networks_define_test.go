package service

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/berthd/berth/internal/domain"
)

// TestNetworkDefine: a definition gets what it leaves out, replaces the one of its name, and takes nothing of another
// network.
func TestNetworkDefine(t *testing.T) {
	t.Parallel()
	r, ctx := newNetRig(t), t.Context()
	r.host.links = []string{"berth1"}
	define := func(xml string) (NetworkInfo, error) { return r.Define(ctx, []byte(xml)) }
	lab, err := define(`<network><name>lab</name></network>`)
	if err != nil || lab.Bridge != "berth2" || lab.UUID.IsZero() || lab.Active || !lab.Persistent {
		t.Fatalf("got %+v, %v", lab, err)
	}
	again, err := define(`<network><name>lab</name><forward mode='open'/></network>`)
	if err != nil || again.Bridge != lab.Bridge || again.UUID != lab.UUID || again.Forward != "open" {
		t.Errorf("got %+v, %v", again, err)
	}
	own, err := define(`<network><name>default</name><bridge name='mine0'/></network>`)
	if err != nil || own.Origin != OriginOwn || own.Bridge != "mine0" {
		t.Errorf("got %+v, %v", own, err)
	}
	for _, xml := range []string{
		`<network><name>lab</name><uuid>11111111-2222-4333-8444-555555555555</uuid></network>`,
		`<network><name>other</name><uuid>` + lab.UUID.String() + `</uuid></network>`,
		`<network><name>other</name><bridge name='berth2'/></network>`,
	} {
		var e *NetworkExistsError
		if _, err := define(xml); !errors.As(err, &e) || e.Name != "lab" {
			t.Errorf("%s: %v", xml, err)
		}
	}
	var e *domain.Error
	if _, err := define(`<network/>`); !errors.As(err, &e) {
		t.Errorf("got %v", err)
	}
	if err := r.Undefine(ctx, "default"); err != nil {
		t.Error(err)
	}
	if err := r.Undefine(ctx, "default"); !errors.Is(err, ErrForeignNetwork) {
		t.Errorf("of the one that came with Berth: %v", err)
	}
}

// TestNetworkUndefinedWhileActive: an active network outlives its definition, and is gone when it is stopped.
func TestNetworkUndefinedWhileActive(t *testing.T) {
	t.Parallel()
	r, ctx := newNetRig(t), t.Context()
	if _, err := r.Define(ctx, []byte(`<network><name>lab</name></network>`)); err != nil {
		t.Fatal(err)
	}
	if err := r.Start(ctx, "lab"); err != nil {
		t.Fatal(err)
	}
	if err := r.Undefine(ctx, "lab"); err != nil {
		t.Fatal(err)
	}
	r.again(t)
	if err := r.Recover(ctx); err != nil {
		t.Fatal(err)
	}
	info, err := r.Network("lab")
	if err != nil || !info.Active || info.Persistent {
		t.Errorf("got %+v, %v", info, err)
	}
	if xml, err := r.XML("lab", true); err != nil || !strings.Contains(xml, "<name>lab</name>") {
		t.Errorf("got %s, %v", xml, err)
	}
	if err := r.SetAutostart(ctx, "lab", true); err == nil {
		t.Error("it can be started automatically")
	}
	if err := r.Undefine(ctx, "lab"); !errors.Is(err, ErrNoNetwork) {
		t.Errorf("got %v", err)
	}
	if err := r.Destroy(ctx, "lab"); err != nil {
		t.Error(err)
	}
	if _, err := r.Network("lab"); !errors.Is(err, ErrNoNetwork) {
		t.Errorf("got %v", err)
	}
	r.bare(t)
}

// TestNetworkOfLibvirt: a network that libvirt runs is used, and neither stopped nor undefined.
func TestNetworkOfLibvirt(t *testing.T) {
	t.Parallel()
	r, ctx := newNetRig(t), t.Context()
	r.store.stored = []StoredNetwork{{Name: "default", Origin: OriginLibvirt, Def: netDef("default", "virbr0")}}
	if _, err := r.Bridge("default"); err == nil {
		t.Error("it is active without its bridge")
	}
	r.host.links = []string{"virbr0"}
	if bridge, err := r.Bridge("default"); bridge != "virbr0" || err != nil {
		t.Errorf("got %q, %v", bridge, err)
	}
	var state *NetworkStateError
	if err := r.Start(ctx, "default"); !errors.As(err, &state) || !state.Active {
		t.Errorf("start: %v", err)
	}
	for _, err := range []error{r.Destroy(ctx, "default"), r.Undefine(ctx, "default")} {
		if !errors.Is(err, ErrForeignNetwork) || !strings.Contains(err.Error(), "virsh") {
			t.Errorf("got %v", err)
		}
	}
	r.bare(t)
}

// TestNetworkUnreadable: a definition that cannot be read is listed with the reason, and no other is hidden by it.
func TestNetworkUnreadable(t *testing.T) {
	t.Parallel()
	r := newNetRig(t)
	r.store.stored = append(r.store.stored, StoredNetwork{Name: "bad", Origin: OriginOwn, File: "/etc/bad.xml", Err: errors.New("it is bad")})
	list, err := r.List()
	if err != nil || len(list) != 2 || list[0].Fault != "it is bad" || list[1].Fault != "" {
		t.Errorf("got %+v, %v", list, err)
	}
	if err := r.Start(t.Context(), "bad"); err == nil || err.Error() != "/etc/bad.xml: it is bad" {
		t.Errorf("got %v", err)
	}
}

// TestNetworksTakeTurns: a change waits for the end of another, and no longer than its context.
func TestNetworksTakeTurns(t *testing.T) {
	t.Parallel()
	r := newNetRig(t)
	end, err := r.begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	cancel(why)
	for _, err := range []error{r.Start(ctx, "default"), r.Destroy(ctx, "default"), r.Undefine(ctx, "default")} {
		if !errors.Is(err, why) {
			t.Errorf("got %v", err)
		}
	}
	end()
	if err := r.Start(t.Context(), "default"); err != nil {
		t.Error(err)
	}
}

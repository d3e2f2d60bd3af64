//go:build bus

package dbusapi

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

// TestGetGuestInfo: each kind alone tells its part, and none tells all. What the container makes is cut, and no text of
// it breaks the bus.
func TestGetGuestInfo(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	get := func(kinds ...string) map[string]dbus.Variant {
		t.Helper()
		var got map[string]dbus.Variant
		if err := r.call(ContainerPath(uuidB), contract.ContainerInterface+".GetGuestInfo", append([]string{}, kinds...), noOptions()).Store(&got); err != nil {
			t.Fatalf("%v: %v", kinds, err)
		}
		return got
	}
	want := map[string][]string{
		"hostname": {"hostname"}, "timezone": {"timezone", "timezone-offset"}, "time": {"time-usec"}, "filesystem": {"filesystems"}, "interface": {"interfaces"},
		"os": {"kernel-release", "kernel-version", "machine", "os-id", "os-pretty-name"},
	}
	var every []string
	for kind, names := range want {
		got := get(kind)
		for _, name := range names {
			if got[name].Value() == nil || len(got) != len(names) {
				t.Errorf("%s: %v", kind, got)
			}
		}
		every = append(every, names...)
	}
	if len(want) != len(guestParts()) {
		t.Errorf("there are %d kinds", len(guestParts()))
	}
	all := get()
	for name := range all {
		if !slices.Contains(every, name) {
			t.Errorf("there is %s", name)
		}
	}
	if len(all) != len(every) || all["hostname"].Value() != "we\uFFFDb\uFFFD" || all["os-id"].Value() != "debian" || all["timezone-offset"].Value() != int32(3600) {
		t.Errorf("%v", all)
	}
	var mounts []guestFileSystem
	var links []guestInterface
	if err := errors.Join(all["filesystems"].Store(&mounts), all["interfaces"].Store(&links)); err != nil {
		t.Fatal(err)
	}
	if len(mounts) != 2 || len(mounts[1].MountPoint) != maxGuestText || len(links) != maxGuestLinks || !slices.Equal(links[0].Addresses, []string{"192.0.2.7/24"}) {
		t.Errorf("%v, %d links", mounts, len(links))
	}
}

// TestGetGuestInfoRefused: a container that is off has nothing, no kind is invented, and what does not answer is an
// error if it is named and left out otherwise.
func TestGetGuestInfoRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const call = contract.ContainerInterface + ".GetGuestInfo"
	fails(t, r.call(ContainerPath(uuidA), call, []string{"time"}, noOptions()), contract.ErrorNotRunning)
	if text := fails(t, r.call(ContainerPath(uuidB), call, []string{"user"}, noOptions()), contract.ErrorInvalidArgs); !strings.Contains(text, "there are filesystem, hostname,") {
		t.Error(text)
	}
	stopping := domain.UUID{0xd, 1}
	r.core.mu.Lock()
	r.core.snaps[stopping] = service.Snapshot{UUID: stopping, Name: "s", State: service.StateStopping}
	r.core.mu.Unlock()
	fails(t, r.call(ContainerPath(stopping), call, []string{}, noOptions()), contract.ErrorInvalidState)
	r.core.set(func(_ context.Context, op string, _ domain.UUID) error {
		if op == "os" {
			return service.ErrTimeout
		}
		return nil
	})
	fails(t, r.call(ContainerPath(uuidB), call, []string{"os"}, noOptions()), contract.ErrorOperationTimeout)
	var got map[string]dbus.Variant
	if err := r.call(ContainerPath(uuidB), call, []string{}, noOptions()).Store(&got); err != nil || got["hostname"].Value() == nil || got["machine"].Value() != nil {
		t.Errorf("%v, %v", got, err)
	}
}

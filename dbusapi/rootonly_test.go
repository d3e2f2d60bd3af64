package dbusapi

import (
	"context"
	"errors"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
)

// fakeDriver answers GetConnectionUnixUser.
type fakeDriver struct {
	dbus.BusObject
	uids  map[string]uint32
	asked int
}

func (f *fakeDriver) CallWithContext(_ context.Context, _ string, _ dbus.Flags, args ...any) *dbus.Call {
	f.asked++
	uid, ok := f.uids[args[0].(string)]
	if !ok {
		return &dbus.Call{Err: errors.New("no such connection")}
	}
	return &dbus.Call{Body: []any{uid}}
}

// TestRootOnly: root is allowed and everybody else is refused. The bus is asked once for each
// caller, who is forgotten when he leaves.
func TestRootOnly(t *testing.T) {
	t.Parallel()
	driver := &fakeDriver{uids: map[string]uint32{":1.1": 0, ":1.2": 1000}}
	r := &RootOnly{bus: driver, users: make(map[dbus.Sender]uint32)}
	ctx, leave := context.WithCancel(context.Background())
	defer leave()
	for range 3 {
		if err := r.Authorize(ctx, ":1.1", contract.ActionManage, nil, false); err != nil {
			t.Fatalf("root is refused: %v", err)
		}
	}
	if driver.asked != 1 {
		t.Errorf("the bus was asked %d times for one caller", driver.asked)
	}
	if err := r.Authorize(ctx, ":1.2", contract.ActionRead, nil, true); !errors.Is(err, ErrAccessDenied) {
		t.Errorf("uid 1000 got %v", err)
	}
	if err := r.Authorize(ctx, ":1.3", contract.ActionRead, nil, true); err == nil {
		t.Error("a caller that has left is allowed")
	}
	leave()
	waitFor(t, "the callers to be forgotten", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return len(r.users) == 0
	})
}

package dbusapi

import (
	"context"
	"errors"
	"testing"

	"github.com/godbus/dbus/v5"
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

// TestUsers: the bus is asked once for each caller, who is forgotten when he leaves; others hear of that.
func TestUsers(t *testing.T) {
	t.Parallel()
	driver := &fakeDriver{uids: map[string]uint32{":1.1": 0, ":1.2": 1000}}
	gone := make(chan string, 2)
	r := &Users{bus: driver, left: func(name string) { gone <- name }, users: make(map[dbus.Sender]uint32)}
	ctx, leave := context.WithCancel(context.Background())
	defer leave()
	for range 3 {
		if uid, err := r.UID(ctx, ":1.1"); err != nil || uid != 0 {
			t.Fatalf("root is %d, %v", uid, err)
		}
	}
	if driver.asked != 1 {
		t.Errorf("the bus was asked %d times for one caller", driver.asked)
	}
	if uid, err := r.UID(ctx, ":1.2"); err != nil || uid != 1000 {
		t.Errorf("uid 1000 is %d, %v", uid, err)
	}
	if _, err := r.UID(ctx, ":1.3"); err == nil {
		t.Error("a caller that has left is known")
	}
	leave()
	for range 2 {
		<-gone
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.users) != 0 {
		t.Errorf("%v are not forgotten", r.users)
	}
}

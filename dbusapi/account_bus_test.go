//go:build bus

package dbusapi

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/bus"
	"github.com/berthd/berth/internal/domain"
)

// user connects as a user.
func (r *rig) user(t *testing.T, uid uint32) *dbus.Conn {
	t.Helper()
	return r.auth.is(r.bus.Connect(t), uid)
}

func readsConsole(c *dbus.Conn) *dbus.Call {
	return c.Object(contract.BusName, ContainerPath(uuidA)).Go(contract.ContainerInterface+".ReadConsole", 0, nil, "", noOptions())
}

func pings(c *dbus.Conn) *dbus.Call {
	return c.Object(contract.BusName, rootPath).Call(peerName+".Ping", 0)
}

// counted waits until the calls in flight are so many.
func (r *rig) counted(t *testing.T, n int) {
	t.Helper()
	waitFor(t, fmt.Sprintf("%d calls in flight", n), func() bool { return r.server.InFlight() == n })
}

// TestUserHasTooManyCalls: what all connections of a user have in flight has a bound, which the error names. Another
// user and root are served meanwhile, root has a bound that is wider, and nothing is counted when all have ended.
func TestUserHasTooManyCalls(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	release := make(chan struct{})
	r.core.set(func(context.Context, string, domain.UUID) error { <-release; return nil })
	var calls []*dbus.Call
	limit := quotaOf(false).calls
	for sent := 0; sent < limit; {
		c := r.user(t, 7)
		for range min(limit-sent, maxCallsPerCaller) {
			calls = append(calls, readsConsole(c))
			sent++
		}
	}
	r.counted(t, limit)
	last := r.user(t, 7)
	text := fails(t, pings(last), contract.ErrorLimitsExceeded)
	if want := fmt.Sprintf("user 7 has more than %d calls at once", limit); text != want {
		t.Errorf("got %q, want %q", text, want)
	}
	for _, uid := range []uint32{8, 0} {
		if call := pings(r.user(t, uid)); call.Err != nil {
			t.Errorf("user %d is refused: %v", uid, call.Err)
		}
	}
	if wide := quotaOf(true); wide.calls <= limit || wide.waits <= quotaOf(false).waits {
		t.Errorf("root has %+v", wide)
	}
	close(release)
	for _, call := range calls {
		if <-call.Done; call.Err != nil {
			t.Fatal(call.Err)
		}
	}
	if call := pings(last); call.Err != nil {
		t.Errorf("the user stays refused: %v", call.Err)
	}
	waitFor(t, "the user to have no call", func() bool { return r.account(7).calls == 0 })
}

// account gives a copy of what is counted for a user.
func (r *rig) account(uid uint32) account {
	in := r.server.inbound
	in.mu.Lock()
	defer in.mu.Unlock()
	if a := in.accounts[user{true, uid}]; a != nil {
		return *a
	}
	return account{}
}

// TestAccountsEnd: no account is left when the connections of its user have left the bus and their calls have ended.
func TestAccountsEnd(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	began, release := make(chan struct{}, 1), make(chan struct{})
	r.core.set(func(context.Context, string, domain.UUID) error { began <- struct{}{}; <-release; return nil })
	c := r.user(t, 7)
	c.Object(contract.BusName, ContainerPath(uuidA)).Go(contract.ContainerInterface+".Start", 0, nil, noOptions())
	<-began
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the caller to leave", func() bool { return r.account(7).connections == 0 })
	if n := r.account(7).calls; n != 1 {
		t.Errorf("%d calls of a user who left are counted, not 1", n)
	}
	close(release)
	r.counted(t, 0)
	in := r.server.inbound
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(in.accounts) != 0 || in.unknown != 0 {
		t.Errorf("left are %d accounts, and %d bytes of nobody", len(in.accounts), in.unknown)
	}
}

// TestUserIsLearnedLate: calls that come before the bus has told the user are counted when it has. Those for which the
// user has no room are refused then, and the reader goes on meanwhile.
func TestUserIsLearnedLate(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	told, release := make(chan struct{}), make(chan struct{})
	r.core.set(func(context.Context, string, domain.UUID) error { <-release; return nil })
	r.auth.mu.Lock()
	r.auth.slow = told
	r.auth.mu.Unlock()
	var calls []*dbus.Call
	limit := quotaOf(false).calls
	const more = 10
	for len(calls) < limit+more {
		c := r.user(t, 7)
		for range min(limit+more-len(calls), maxCallsPerCaller) {
			calls = append(calls, readsConsole(c))
		}
	}
	r.counted(t, limit+more)
	close(told)
	var refused atomic.Int32
	for _, call := range calls {
		go func() {
			if <-call.Done; call.Err != nil {
				refused.Add(1)
			}
		}()
	}
	r.counted(t, limit)
	close(release)
	r.counted(t, 0)
	waitFor(t, "the refusals", func() bool { return refused.Load() == more })
}

// TestManyBytesOfNobody: more arguments of users whom the bus has not told yet than there is room for make the reader
// wait until it tells them. No call is refused, and none is lost.
func TestManyBytesOfNobody(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	told := make(chan struct{})
	r.auth.mu.Lock()
	r.auth.slow = told
	r.auth.mu.Unlock()
	text := strings.Repeat("x", maxXMLArgs-100)
	var calls []*dbus.Call
	for n := 0; n < 40; {
		c := r.user(t, uint32(100+n))
		for range 5 {
			calls = append(calls, c.Object(contract.BusName, rootPath).Go(contract.ManagerInterface+".DefineXML", 0, nil, text, noOptions()))
			n++
		}
	}
	full := maxUnknown/maxXMLArgs + 1
	waitFor(t, "the room to be full", func() bool { return r.server.InFlight() >= full })
	time.AfterFunc(50*time.Millisecond, func() { close(told) })
	for _, call := range calls {
		if <-call.Done; call.Err != nil && strings.Contains(call.Err.Error(), "more than") {
			t.Errorf("refused: %v", call.Err)
		}
	}
}

// TestUserWaitsTooMuch: the calls of a user that wait for something in a container have a bound of their own, so that
// they leave room for others, also for those of the same user.
func TestUserWaitsTooMuch(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.user(t, 7)
	object := c.Object(contract.BusName, ContainerPath(uuidB))
	limit := quotaOf(false).waits
	for range limit {
		object.Go(contract.ContainerInterface+".AwaitEnd", 0, nil, uint32(0), noOptions())
	}
	waitFor(t, "all to wait", func() bool { return r.account(7).waits == limit })
	for _, member := range []string{"AwaitEnd", "WaitReady"} {
		args := []any{noOptions()}
		if member == "AwaitEnd" {
			args = []any{uint32(0), noOptions()}
		}
		text := fails(t, object.Call(contract.ContainerInterface+"."+member, 0, args...), contract.ErrorLimitsExceeded)
		if want := fmt.Sprintf("user 7 has more than %d calls that wait at once", limit); text != want {
			t.Errorf("got %q, want %q", text, want)
		}
	}
	if call := pings(c); call.Err != nil {
		t.Errorf("a call that does not wait: %v", call.Err)
	}
	if err := r.user(t, 8).Object(contract.BusName, ContainerPath(uuidB)).Call(contract.ContainerInterface+".AwaitEnd", 0, uint32(41), noOptions()).Err; err != nil {
		t.Errorf("another user: %v", err)
	}
	c.Close()
	waitFor(t, "none to wait", func() bool { return r.account(7).waits == 0 })
}

// TestUserHasTooManyCommands: a user has so many objects of commands at most. One whose end was read counts no more.
func TestUserHasTooManyCommands(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.user(t, 7)
	run := func() (path dbus.ObjectPath, err error) {
		var ends map[string]dbus.Variant
		options := map[string]dbus.Variant{"terminal": dbus.MakeVariant(true)}
		err = c.Object(contract.BusName, ContainerPath(uuidB)).Call(execName, 0, []string{"ls"}, options).Store(&path, &ends)
		return path, err
	}
	var last dbus.ObjectPath
	for range quotaOf(false).commands {
		var err error
		if last, err = run(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := run(); err == nil || err.Error() != fmt.Sprintf("user 7 has more than %d commands whose ends were not read", quotaOf(false).commands) {
		t.Errorf("got %v", err)
	}
	if err := c.Object(contract.BusName, last).Call(contract.ProcessInterface+".Kill", 0, int32(9), noOptions()).Err; err != nil {
		t.Fatal(err)
	}
	if err := c.Object(contract.BusName, last).Call(contract.ProcessInterface+".Wait", 0, noOptions()).Err; err != nil {
		t.Fatal(err)
	}
	if _, err := run(); err != nil {
		t.Errorf("after one was read: %v", err)
	}
}

// TestUserStagesTooMuch: descriptors that are staged count for their user, whichever connection staged them, until they
// are closed. This test does not run beside others, since it opens many descriptors.
func TestUserStagesTooMuch(t *testing.T) {
	r := newRig(t)
	files := kinds(t)
	var conns []*bus.Conn
	staged, err := 0, error(nil)
	for staged <= quotaOf(false).files && err == nil {
		c := passer(t, r)
		conns = append(conns, c)
		for range 15 {
			_, err = pass(t, c, rootPath, "StageFDs", files, fds(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), noOptions())
			if err != nil {
				break
			}
			staged += 16
		}
	}
	if want := fmt.Sprintf("user 1000 has more than %d descriptors at once", quotaOf(false).files); err == nil || err.Error() != want {
		t.Errorf("got %v, want %q", err, want)
	}
	for _, c := range conns {
		c.Close()
	}
	waitFor(t, "all to be closed", func() bool { return r.account(1000).files == 0 })
}

//go:build bus

package dbusapi

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

// TestOrder: 100 calls of one connection to one container run in their order. A container that
// blocks holds up neither another one, nor reads, nor the manager.
func TestOrder(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	blocker := make(chan struct{})
	release := sync.OnceFunc(func() { close(blocker) })
	t.Cleanup(release)
	var mu sync.Mutex
	var ran []string
	r.core.set(func(_ context.Context, op string, u domain.UUID) error {
		if u == uuidB && op == "start" {
			<-blocker
		}
		if u == uuidA && op != "xml" {
			mu.Lock()
			ran = append(ran, op)
			mu.Unlock()
		}
		return nil
	})
	blocked := r.client.Object(contract.BusName, ContainerPath(uuidB)).Go(contract.ContainerInterface+".Start", 0, nil, noOptions())
	behind := r.client.Object(contract.BusName, ContainerPath(uuidB)).Go(contract.ContainerInterface+".Destroy", 0, nil, noOptions())

	var want []string
	var calls []*dbus.Call
	for i := range 100 {
		method := []string{"Start", "Suspend", "Resume", "Destroy"}[i%4]
		want = append(want, strings.ToLower(method))
		calls = append(calls, r.client.Object(contract.BusName, ContainerPath(uuidA)).Go(contract.ContainerInterface+"."+method, 0, nil, noOptions()))
	}
	var last dbus.Sequence
	for i, call := range calls {
		<-call.Done
		if call.Err != nil {
			t.Fatalf("call %d: %v", i, call.Err)
		}
		if call.ResponseSequence <= last {
			t.Errorf("reply %d came before the one before it", i)
		}
		last = call.ResponseSequence
	}
	mu.Lock()
	if !slices.Equal(ran, want) {
		t.Errorf("ran in the order %v", ran)
	}
	mu.Unlock()
	for _, path := range []dbus.ObjectPath{ContainerPath(uuidA), ContainerPath(uuidB)} {
		if err := r.call(path, contract.ContainerInterface+".GetXML", false, noOptions()).Err; err != nil {
			t.Errorf("read: %v", err)
		}
	}
	if err := r.call(rootPath, contract.ManagerInterface+".DefineXML", "c", noOptions()).Err; err != nil {
		t.Errorf("define: %v", err)
	}
	select {
	case <-behind.Done:
		t.Fatal("the second call of the blocked container did not wait")
	default:
	}
	release()
	for _, call := range []*dbus.Call{blocked, behind} {
		if <-call.Done; call.Err != nil {
			t.Error(call.Err)
		}
	}
}

// TestPanic: a panic in a call is an internal error for its caller without a word of the inside,
// one line with the stack in the log, and nothing else.
func TestPanic(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.core.set(func(_ context.Context, op string, _ domain.UUID) error {
		if op == "start" || op == "xml" {
			panic("a bug in " + op)
		}
		return nil
	})
	path := ContainerPath(uuidA)
	for _, call := range []*dbus.Call{
		r.call(path, contract.ContainerInterface+".Start", noOptions()),
		r.call(path, contract.ContainerInterface+".GetXML", false, noOptions()),
	} {
		if text := fails(t, call, contract.ErrorInternal); strings.Contains(text, "a bug") {
			t.Errorf("the caller is told of the inside: %q", text)
		}
	}
	log := r.log.String()
	if strings.Count(log, "\n") != 2 || !strings.Contains(log, "a bug in start") || !strings.Contains(log, "core_test.go") {
		t.Errorf("want two lines with the stack, got:\n%s", log)
	}
	if err := r.call(path, contract.ContainerInterface+".Destroy", noOptions()).Err; err != nil {
		t.Errorf("after the panic: %v", err)
	}
}

// TestBadReply: what D-Bus cannot carry makes the call fail, and nothing else.
func TestBadReply(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.core.set(func(context.Context, string, domain.UUID) error { return errors.New("open \xff\x00: denied") })
	text := fails(t, r.call(ContainerPath(uuidA), contract.ContainerInterface+".Start", noOptions()), contract.ErrorInternal)
	if text != "cannot start domain \"a\": open \uFFFD\uFFFD: denied" {
		t.Errorf("message %q", text)
	}
	for name, title := range map[string]string{"not UTF-8": "\xff", "too long": strings.Repeat("x", maxMessage)} {
		r.core.mu.Lock()
		r.core.snaps[uuidA] = service.Snapshot{UUID: uuidA, Name: "a", Title: title}
		r.core.mu.Unlock()
		text := fails(t, r.call(ContainerPath(uuidA), propertiesName+".GetAll", ""), contract.ErrorInternal)
		if text != "the reply cannot be sent" {
			t.Errorf("%s: message %q", name, text)
		}
	}
	if err := r.call(rootPath, peerName+".Ping").Err; err != nil {
		t.Errorf("the server after it: %v", err)
	}
}

// TestManyCalls: 200 calls at once all succeed, and leave no line behind.
func TestManyCalls(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			var err error
			switch path := ContainerPath([]domain.UUID{uuidA, uuidB}[i/5%2]); i % 5 {
			case 0:
				err = r.call(path, contract.ContainerInterface+".Start", noOptions()).Err
			case 1:
				err = r.call(path, contract.ContainerInterface+".Destroy", noOptions()).Err
			case 2:
				err = r.call(path, propertiesName+".GetAll", "").Err
			case 3:
				err = r.call(rootPath, objectManagerName+".GetManagedObjects").Err
			case 4:
				err = r.call(containerPath, "org.freedesktop.DBus.Introspectable.Introspect").Err
			}
			if err != nil {
				t.Errorf("call %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	waitFor(t, "all calls to be counted out", func() bool { return r.server.InFlight() == 0 })
	waitFor(t, "all lines to be empty", r.noneQueued)
}

// TestTooManyCalls: a caller with too many calls in flight is refused until they end, and no other
// caller is.
func TestTooManyCalls(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	release := make(chan struct{})
	r.core.set(func(context.Context, string, domain.UUID) error { <-release; return nil })
	object := r.client.Object(contract.BusName, ContainerPath(uuidA))
	var calls []*dbus.Call
	for range maxCallsPerCaller {
		calls = append(calls, object.Go(contract.ContainerInterface+".ReadConsole", 0, nil, "", noOptions()))
	}
	fails(t, r.call(rootPath, peerName+".Ping"), contract.ErrorLimitsExceeded)
	if err := r.bus.Connect(t).Object(contract.BusName, rootPath).Call(peerName+".Ping", 0).Err; err != nil {
		t.Errorf("another caller is refused: %v", err)
	}
	close(release)
	for _, call := range calls {
		if <-call.Done; call.Err != nil {
			t.Fatal(call.Err)
		}
	}
	if err := r.call(rootPath, peerName+".Ping").Err; err != nil {
		t.Errorf("the caller stays refused: %v", err)
	}
}

// TestClose: a server that closes gives up its name at once, answers the calls that it has, and
// ends the connection then.
func TestClose(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	began, release := make(chan struct{}, 2), make(chan struct{})
	r.core.set(func(context.Context, string, domain.UUID) error {
		began <- struct{}{}
		<-release
		return nil
	})
	object := r.client.Object(contract.BusName, ContainerPath(uuidA))
	first := object.Go(contract.ContainerInterface+".Start", 0, nil, noOptions())
	second := object.Go(contract.ContainerInterface+".Destroy", 0, nil, noOptions())
	<-began
	closed := make(chan error, 1)
	go func() { closed <- r.server.Close(context.Background()) }()
	waitFor(t, "the name to go", func() bool {
		var owned bool
		err := r.client.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, contract.BusName).Store(&owned)
		return err == nil && !owned
	})
	late := r.client.Object(r.server.conn.Names()[0], rootPath).Go(contract.ManagerInterface+".ListContainers", 0, nil, noOptions())
	if <-late.Done; late.Err != nil {
		t.Errorf("a call during the drain: %v", late.Err)
	}
	select {
	case err := <-closed:
		t.Fatalf("closed with calls in flight: %v", err)
	default:
	}
	close(release)
	for _, call := range []*dbus.Call{first, second} {
		if <-call.Done; call.Err != nil {
			t.Error(call.Err)
		}
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	<-r.server.Lost()
}

// TestCloseInTime: a close that takes too long cancels the calls.
func TestCloseInTime(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	began, cancelled := make(chan struct{}), make(chan struct{})
	r.core.set(func(ctx context.Context, _ string, _ domain.UUID) error {
		close(began)
		<-ctx.Done()
		close(cancelled)
		return ctx.Err()
	})
	r.client.Object(contract.BusName, ContainerPath(uuidA)).Go(contract.ContainerInterface+".Start", 0, nil, noOptions())
	<-began
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := r.server.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("closed with %v", err)
	}
	<-cancelled
}

// TestIdle: the server is idle when its last call has ended, and not before.
func TestIdle(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	release := make(chan struct{})
	r.core.set(func(context.Context, string, domain.UUID) error { <-release; return nil })
	call := r.client.Object(contract.BusName, ContainerPath(uuidA)).Go(contract.ContainerInterface+".Start", 0, nil, noOptions())
	waitFor(t, "the call to arrive", func() bool { return r.server.InFlight() == 1 })
	select {
	case <-r.server.Idle():
		t.Error("idle with a call in flight")
	default:
	}
	close(release)
	<-call.Done
	<-r.server.Idle()
	if n := r.server.InFlight(); n != 0 {
		t.Errorf("%d calls in flight", n)
	}
}

// TestNameTaken: a second server on the bus fails with ErrNameTaken, and the first goes on.
func TestNameTaken(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	cfg := r.config()
	cfg.Signals = NewSignals(cfg.Log)
	if _, err := New(t.Context(), cfg); !errors.Is(err, ErrNameTaken) {
		t.Errorf("got %v", err)
	}
	if err := r.call(rootPath, peerName+".Ping").Err; err != nil {
		t.Errorf("the first server: %v", err)
	}
}

// TestLost: the loss of the bus is noticed, and the core works on.
func TestLost(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.bus.Stop()
	select {
	case <-r.server.Lost():
	case <-time.After(patience):
		t.Fatal("the loss of the bus went unnoticed")
	}
	if err := r.core.StartWith(t.Context(), uuidA, service.StartOptions{}); err != nil {
		t.Errorf("the service after the loss: %v", err)
	}
}

// TestConfig: a server without one of its parts, or without a bus, is not made.
func TestConfig(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for name, spoil := range map[string]func(*Config){
		"no core": func(c *Config) { c.Core = nil }, "no signals": func(c *Config) { c.Signals = nil },
		"no access": func(c *Config) { c.Access = nil }, "no callers": func(c *Config) { c.Callers = nil }, "no backlogs": func(c *Config) { c.Backlogs = nil }, "no log": func(c *Config) { c.Log = nil },
		"no networks": func(c *Config) { c.Networks = nil }, "no version": func(c *Config) { c.Version = "" },
	} {
		cfg := r.config()
		spoil(&cfg)
		if _, err := New(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	cfg := r.config()
	cfg.Address = fmt.Sprintf("unix:path=%s/none", t.TempDir())
	if _, err := New(t.Context(), cfg); err == nil {
		t.Error("connected to no bus")
	}
}

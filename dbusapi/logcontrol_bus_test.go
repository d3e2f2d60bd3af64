//go:build bus

package dbusapi

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
)

// fakeLogs is a log that knows one level and one target more than it has.
type fakeLogs struct {
	mu            sync.Mutex
	level, target string
}

func (f *fakeLogs) Level() string { return f.get(&f.level, "info") }

func (f *fakeLogs) Target() string { return f.get(&f.target, "journal") }

func (f *fakeLogs) SetLevel(name string) error { return f.set(&f.level, name, "debug") }

func (f *fakeLogs) SetTarget(name string) error { return f.set(&f.target, name, "console") }

func (f *fakeLogs) get(what *string, unset string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if *what == "" {
		return unset
	}
	return *what
}

func (f *fakeLogs) set(what *string, name, known string) error {
	if name != known {
		return errors.New("there is no " + name)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	*what = name
	return nil
}

// TestLogControl: the level and the target of the log are read and set as org.freedesktop.LogControl1(5) says. A name
// that is unknown, a value of another type and a property that is read-only are errors that change nothing.
func TestLogControl(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	get := func(name string) any {
		t.Helper()
		var v dbus.Variant
		if err := r.call(contract.LogControlPath, propertiesName+".Get", contract.LogControlInterface, name).Store(&v); err != nil {
			t.Fatal(err)
		}
		return v.Value()
	}
	set := func(name string, value any) *dbus.Call {
		return r.call(contract.LogControlPath, propertiesName+".Set", contract.LogControlInterface, name, dbus.MakeVariant(value))
	}
	for name, want := range map[string][2]string{"LogLevel": {"info", "debug"}, "LogTarget": {"journal", "console"}} {
		if got := get(name); got != want[0] {
			t.Errorf("%s is %v", name, got)
		}
		if err := set(name, want[1]).Err; err != nil || get(name) != want[1] {
			t.Errorf("%s: %v, and it is %v", name, err, get(name))
		}
		fails(t, set(name, "loud"), contract.ErrorInvalidArgs)
		fails(t, set(name, uint32(7)), contract.ErrorInvalidArgs)
		if get(name) != want[1] {
			t.Errorf("%s is %v after refusals", name, get(name))
		}
	}
	if got := get("SyslogIdentifier"); got != "berthd" {
		t.Errorf("SyslogIdentifier is %v", got)
	}
	fails(t, set("SyslogIdentifier", "x"), contract.ErrorPropertyReadOnly)
	fails(t, r.call(rootPath, propertiesName+".Set", contract.ManagerInterface, "Version", dbus.MakeVariant("x")), contract.ErrorPropertyReadOnly)
	var xml string
	if err := r.call("/org/freedesktop", "org.freedesktop.DBus.Introspectable.Introspect").Store(&xml); err != nil || !strings.Contains(xml, `"LogControl1"`) {
		t.Errorf("%v: %s", err, xml)
	}
}

// TestOwnCallsKeepNobodyBusy: a call of the daemon's own client is no call in flight and no token, and the last one of
// others is a token although the own one goes on.
func TestOwnCallsKeepNobodyBusy(t *testing.T) {
	t.Parallel()
	held, free := make(chan struct{}, 2), make(chan struct{})
	r := newRig(t, waiting(held, free))
	own := r.bus.Connect(t)
	r.server.inbound.mu.Lock()
	r.server.inbound.own = dbus.Sender(own.Names()[0])
	r.server.inbound.mu.Unlock()
	wait := func(c *dbus.Conn) *dbus.Call {
		return c.Object(contract.BusName, rootPath).Go(contract.ManagerInterface+".Waiting", 0, make(chan *dbus.Call, 1))
	}
	ours := wait(own)
	<-held
	if n := r.server.InFlight(); n != 0 {
		t.Errorf("%d calls in flight", n)
	}
	if err := r.call(rootPath, peerName+".Ping").Err; err != nil {
		t.Fatal(err)
	}
	<-r.server.Idle()
	close(free)
	if err := (<-ours.Done).Err; err != nil {
		t.Fatal(err)
	}
	select {
	case <-r.server.Idle():
		t.Error("the own call counts")
	default:
	}
}

// waiting is a method that says that it has begun, and ends when free is closed.
func waiting(held, free chan struct{}) *method {
	return &method{name: "Waiting", action: contract.ActionRead, doing: "wait", run: func(context.Context, *Server, *call) ([]any, error) {
		held <- struct{}{}
		<-free
		return nil, nil
	}}
}

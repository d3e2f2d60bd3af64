//go:build bus

package dbusapi

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
	"github.com/berthd/berth/test/bus"
)

// rig is a server on a bus of its own, over a fake service, and a client. newRig gives its manager more methods.
type rig struct {
	bus      *bus.Bus
	core     *fakeCore
	networks *fakeNetworks
	auth     *fakeAuth
	backlogs *fakeBacklogs
	log      *logBuffer
	logs     fakeLogs
	server   *Server
	client   *dbus.Conn
}

func newRig(t *testing.T, more ...*method) *rig {
	t.Helper()
	r := &rig{bus: bus.Start(t), auth: &fakeAuth{}, networks: &fakeNetworks{}, backlogs: &fakeBacklogs{}, log: &logBuffer{}}
	r.core = newFakeCore(NewSignals(slog.New(slog.NewTextHandler(r.log, nil))))
	server, err := newServer(t.Context(), r.config())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range more {
		last := len(server.ifaces[kindManager]) - 1
		server.ifaces[kindManager][last].methods[m.name] = m
	}
	if err := server.open(t.Context(), r.bus.Address); err != nil {
		t.Fatal(err)
	}
	r.server = server
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := server.Close(ctx); err != nil && server.conn.Connected() {
			t.Errorf("close: %v", err)
		}
	})
	r.client = r.bus.Connect(t)
	return r
}

func (r *rig) config() Config {
	return Config{
		Address: r.bus.Address, Core: r.core, Networks: r.networks, Signals: r.core.signals, Callers: r.auth, Backlogs: r.backlogs,
		Access: service.NewAccess(r.auth, slog.New(slog.NewTextHandler(r.log, nil))),
		Log:    slog.New(slog.NewTextHandler(r.log, nil)), Logs: &r.logs, Version: "1.2.3",
	}
}

// noneQueued reports whether no call on a container is at work or waits.
func (r *rig) noneQueued() bool {
	for _, u := range []domain.UUID{uuidA, uuidB, uuidC} {
		ticket := r.core.Ticket(u)
		defer ticket.Leave()
		select {
		case <-ticket.Served():
		default:
			return false
		}
	}
	return true
}

// call calls a method of an object; member is interface.method.
func (r *rig) call(path dbus.ObjectPath, member string, args ...any) *dbus.Call {
	return r.client.Object(contract.BusName, path).Call(member, 0, args...)
}

// fails checks that a call ends with this error name, and returns its message.
func fails(t *testing.T, call *dbus.Call, name string) string {
	t.Helper()
	var e dbus.Error
	if !errors.As(call.Err, &e) || e.Name != name {
		t.Errorf("got %v (%T), want %s", call.Err, call.Err, name)
		return ""
	}
	return e.Error()
}

func noOptions() map[string]dbus.Variant { return map[string]dbus.Variant{} }

// fakeAuth allows everything unless decide says otherwise, and remembers what it was asked.
type fakeAuth struct {
	mu     sync.Mutex
	asked  []question
	decide func(context.Context, question) error

	root    bool  // everybody is root
	unknown error // of UID
	users   map[dbus.Sender]uint32
	slow    chan struct{} // UID waits for its end, unless it is nil
}

type question struct {
	Sender      dbus.Sender
	Action      string
	Details     map[string]string
	Interactive bool
}

// Decide implements service.Authority. ErrInteraction says that a dialogue could help, and a dialogue never does.
func (f *fakeAuth) Decide(ctx context.Context, q service.Question, dialogue bool) (service.Verdict, error) {
	asked := question{dbus.Sender(q.Caller.BusName), q.Action, q.Details(), dialogue}
	f.mu.Lock()
	f.asked = append(f.asked, asked)
	decide := f.decide
	f.mu.Unlock()
	if decide == nil {
		return service.Verdict{Allowed: true}, nil
	}
	switch err := decide(ctx, asked); {
	case err == nil:
		return service.Verdict{Allowed: true}, nil
	case errors.Is(err, service.ErrDenied):
		return service.Verdict{}, nil
	case errors.Is(err, service.ErrInteraction):
		return service.Verdict{Challenge: true}, nil
	default:
		return service.Verdict{}, err
	}
}

// UID says that everybody is user 1000, or root, who is not told to be another, unless the bus shall know nobody.
func (f *fakeAuth) UID(ctx context.Context, sender dbus.Sender) (uint32, error) {
	f.mu.Lock()
	slow := f.slow
	f.mu.Unlock()
	if slow != nil {
		select {
		case <-slow:
		case <-ctx.Done():
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if uid, ok := f.users[sender]; ok {
		return uid, f.unknown
	}
	if f.root {
		return 0, f.unknown
	}
	return 1000, f.unknown
}

// is makes a connection that of a user.
func (f *fakeAuth) is(c *dbus.Conn, uid uint32) *dbus.Conn {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.users == nil {
		f.users = map[dbus.Sender]uint32{}
	}
	f.users[dbus.Sender(c.Names()[0])] = uid
	return c
}

func (f *fakeAuth) forgets() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.unknown = errors.New("no such connection")
}

func (f *fakeAuth) knows() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.unknown = nil
}

func (f *fakeAuth) set(decide func(context.Context, question) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked, f.decide = nil, decide
}

func (f *fakeAuth) questions() []question {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]question(nil), f.asked...)
}

// logBuffer is a log that may be read while it is written.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

//go:build bus

package polkit

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/test/bus"
)

// authorityFake is polkit on a private bus. It answers as answer says, once hold is closed, if there is one.
type authorityFake struct {
	conn *dbus.Conn

	mu        sync.Mutex
	asked     []string
	cancelled []string
	hold      chan struct{}
	result    result
}

type result struct {
	Allowed, Challenge bool
	Details            map[string]string
}

func newAuthority(t *testing.T, b *bus.Bus) *authorityFake {
	t.Helper()
	f := &authorityFake{conn: b.Connect(t), result: result{Details: map[string]string{}}}
	if err := f.conn.Export(f, authorityPath, authority); err != nil {
		t.Fatal(err)
	}
	if _, err := f.conn.RequestName(BusName, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	return f
}

// CheckAuthorization is polkit's.
func (f *authorityFake) CheckAuthorization(s subject, action string, details map[string]string, flags uint32, id string) (result, *dbus.Error) {
	f.mu.Lock()
	name, _ := s.Details["name"].Value().(string)
	text := s.Kind + " " + name + " " + action + " " + details["container"]
	if flags == withDialogue {
		text += " dialogue"
	}
	if (id != "") != (flags == withDialogue) {
		text += " cancellation " + id
	}
	f.asked = append(f.asked, text)
	hold, answer := f.hold, f.result
	f.mu.Unlock()
	if hold != nil {
		<-hold
	}
	return answer, nil
}

// CancelCheckAuthorization is polkit's.
func (f *authorityFake) CancelCheckAuthorization(id string) *dbus.Error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cancelled = append(f.cancelled, id)
	return nil
}

func (f *authorityFake) seen() (asked, cancelled []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string{}, f.asked...), append([]string{}, f.cancelled...)
}

// peer calls polkit without a limit.
type peer struct{ conn *dbus.Conn }

func (p peer) Go(_ context.Context, path dbus.ObjectPath, method string, args ...any) *dbus.Call {
	return p.conn.Object(BusName, path).Go(method, 0, make(chan *dbus.Call, 1), args...)
}

func newClient(t *testing.T, b *bus.Bus) *Client {
	t.Helper()
	conn := b.Connect(t)
	return New(peer{conn}, peer{conn})
}

// TestCheck: the subject is the caller's name on the bus and never a process, whose place another can take (T11). The
// answer says whether a dialogue could help, and whether a password gave it.
func TestCheck(t *testing.T) {
	t.Parallel()
	b := bus.Start(t)
	f := newAuthority(t, b)
	c := newClient(t, b)
	tests := []struct {
		name     string
		dialogue bool
		result   result
		want     Answer
	}{
		{"yes", false, result{true, false, map[string]string{}}, Answer{Allowed: true}},
		{"no", false, result{false, false, map[string]string{}}, Answer{}},
		{"ask", false, result{false, true, map[string]string{}}, Answer{Challenge: true}},
		{"kept", true, result{true, false, map[string]string{temporary: "tmpauthz1"}}, Answer{Allowed: true, Temporary: true}},
		{"dismissed", true, result{false, true, map[string]string{"polkit.dismissed": "true"}}, Answer{Challenge: true}},
	}
	for i, tt := range tests {
		f.mu.Lock()
		f.result = tt.result
		f.mu.Unlock()
		got, err := c.Check(t.Context(), Question{BusName: ":1.9", Action: "org.berth1.read", Details: map[string]string{"container": "web"}, Dialogue: tt.dialogue})
		if err != nil || got != tt.want {
			t.Errorf("%s: got %+v, %v", tt.name, got, err)
		}
		want := "system-bus-name :1.9 org.berth1.read web"
		if tt.dialogue {
			want += " dialogue"
		}
		if asked, _ := f.seen(); asked[i] != want {
			t.Errorf("%s: polkit heard %q, want %q", tt.name, asked[i], want)
		}
	}
}

// TestCheckIsCancelled: when the caller leaves, or the time is over, the answer is an error, and the dialogue is
// withdrawn unless polkit has taken it back by itself.
func TestCheckIsCancelled(t *testing.T) {
	t.Parallel()
	b := bus.Start(t)
	f := newAuthority(t, b)
	f.mu.Lock()
	f.hold, f.result.Allowed = make(chan struct{}), true
	f.mu.Unlock()
	gone := errors.New("he has left")
	for i, held := range []bool{false, true} {
		c := newClient(t, b)
		c.names.Store(uint64(i))
		c.ownAccord = time.Minute // until it answers
		if held {
			c.ownAccord = 10 * time.Millisecond
		}
		ctx, leave := context.WithCancelCause(t.Context())
		done := make(chan error, 1)
		go func() {
			_, err := c.Check(ctx, Question{BusName: ":1.9", Action: "org.berth1.read", Dialogue: true})
			done <- err
		}()
		eventually(t, func() bool { asked, _ := f.seen(); return len(asked) == i+1 })
		leave(gone)
		if err := <-done; !errors.Is(err, gone) {
			t.Errorf("got %v", err)
		}
		if !held {
			f.hold <- struct{}{}
		}
	}
	eventually(t, func() bool { _, cancelled := f.seen(); return len(cancelled) > 0 })
	if _, cancelled := f.seen(); !cmp.Equal(cancelled, []string{"berth-2"}) {
		t.Errorf("cancelled %v", cancelled)
	}
	close(f.hold)
}

// TestNoPolkit: without polkitd the error says so.
func TestNoPolkit(t *testing.T) {
	t.Parallel()
	c := newClient(t, bus.Start(t))
	_, err := c.Check(t.Context(), Question{BusName: ":1.9", Action: "org.berth1.read"})
	if err == nil || !strings.Contains(err.Error(), "polkitd is not installed") {
		t.Errorf("got %v", err)
	}
}

// TestListen: polkit's word that something has changed is heard, and that it comes and goes.
func TestListen(t *testing.T) {
	t.Parallel()
	b := bus.Start(t)
	conn := b.Connect(t)
	heard := make(chan struct{}, 10)
	if err := Listen(t.Context(), conn, func() { heard <- struct{}{} }); err != nil {
		t.Fatal(err)
	}
	f := newAuthority(t, b)
	if err := f.conn.Emit(authorityPath, authority+".Changed"); err != nil {
		t.Fatal(err)
	}
	<-heard
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	<-heard
}

func eventually(t *testing.T, done func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it did not come about")
		}
	}
}

// TestProcess: a caller who is not on the bus is named by pid, start and user, in polkit's types.
func TestProcess(t *testing.T) {
	t.Parallel()
	q := Question{Process: Process{PID: 7, Start: 99, UID: 1000}}
	want := subject{"unix-process", map[string]dbus.Variant{
		"pid": dbus.MakeVariant(uint32(7)), "start-time": dbus.MakeVariant(uint64(99)), "uid": dbus.MakeVariant(int32(1000)),
	}}
	if got := q.subject(); got.Kind != want.Kind || !cmp.Equal(got.Details, want.Details, cmp.Comparer(func(a, b dbus.Variant) bool { return a.String() == b.String() })) {
		t.Errorf("got %v, want %v", got, want)
	}
}

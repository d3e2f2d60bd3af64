//go:build bus

package dbusapi

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/bus"
	private "github.com/berthd/berth/test/bus"
)

// fakeBacklogs is a bus that says what unread says, by the name of a connection, or nothing.
type fakeBacklogs struct {
	mu     sync.Mutex
	unread map[string]Backlog
	asked  int
}

func (f *fakeBacklogs) Unread(_ context.Context, name string) (Backlog, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	if b, ok := f.unread[name]; ok {
		return b, nil
	}
	return Backlog{}, errors.New("this bus does not tell")
}

// questions is how often Unread was asked.
func (f *fakeBacklogs) questions() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked
}

func (f *fakeBacklogs) Unheard(context.Context, string) (Backlog, error) {
	return Backlog{}, errors.New("this bus does not tell")
}

func (f *fakeBacklogs) says(name string, b *Backlog) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.unread == nil {
		f.unread = map[string]Backlog{}
	}
	if delete(f.unread, name); b != nil {
		f.unread[name] = *b
	}
}

// large makes each answer of GetXML one MiB.
func (r *rig) large() {
	r.core.mu.Lock()
	defer r.core.mu.Unlock()
	r.core.text = strings.Repeat("x", 1<<20)
}

func getsXML(c *dbus.Conn) *dbus.Call {
	return c.Object(contract.BusName, ContainerPath(uuidA)).Call(contract.ContainerInterface+".GetXML", 0, false, noOptions())
}

// TestUnread: a user who leaves too many bytes of answers unread gets an error that says so instead of more, until they
// are read. Another user gets his answers. A bus that does not tell refuses nobody.
func TestUnread(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.large()
	slow, other := r.user(t, 7), r.user(t, 8)
	name := slow.Names()[0]
	limit := quotaOf(false).unread
	for range limit.Bytes>>20 + 2 {
		if call := getsXML(other); call.Err != nil {
			t.Fatalf("a bus that does not tell: %v", call.Err)
		}
	}
	r.backlogs.says(name, &Backlog{limit.Bytes + 1, 0})
	var err error
	for n := 0; err == nil; n++ {
		if err = getsXML(slow).Err; n > 2*limit.Bytes>>20 {
			t.Fatalf("%d MiB are not too much", n)
		}
	}
	want := fmt.Sprintf("user 7 has not read more than %d bytes or %d descriptors of answers", limit.Bytes, limit.Files)
	if err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
	if call := getsXML(other); call.Err != nil {
		t.Errorf("another user: %v", call.Err)
	}
	begun, asked := time.Now(), r.backlogs.questions()
	for range 50 {
		getsXML(slow)
	}
	if more, most := r.backlogs.questions()-asked, int(time.Since(begun)/askAgain)+1; more > most {
		t.Errorf("in %v the bus is asked %d times", time.Since(begun), more)
	}
	r.backlogs.says(name, &Backlog{})
	waitFor(t, "the user to be served again", func() bool { return getsXML(slow).Err == nil })
	if text := r.log.String(); text != "" {
		t.Errorf("log: %s", text)
	}
}

// TestUnreadDescriptors: a user who leaves too many descriptors unread gets no more of them, and they are closed. This
// test does not run beside others, since they open descriptors too.
func TestUnreadDescriptors(t *testing.T) {
	r := newRig(t)
	c, err := bus.Connect(t.Context(), bus.Options{
		Address: r.bus.Address, Descriptors: true,
		Replies: []map[string]string{{contract.ContainerInterface + ".OpenLeaderPIDFD": "h"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	limit := quotaOf(false).unread
	r.backlogs.says(c.Names()[0], &Backlog{0, limit.Files + 1})
	before := openFDs(t)
	opened := 0
	for err = nil; err == nil && opened < 100; opened++ {
		var reply bus.Reply
		reply, err = c.Exchange(t.Context(), &dbus.Message{
			Type: dbus.TypeMethodCall, Body: []any{noOptions()},
			Headers: map[dbus.HeaderField]dbus.Variant{
				dbus.FieldDestination: dbus.MakeVariant(contract.BusName), dbus.FieldPath: dbus.MakeVariant(ContainerPath(uuidB)),
				dbus.FieldInterface: dbus.MakeVariant(contract.ContainerInterface), dbus.FieldMember: dbus.MakeVariant("OpenLeaderPIDFD"),
			},
		})
		bus.CloseFiles(reply.Files)
	}
	if err == nil || !strings.Contains(err.Error(), "has not read more than") || opened < limit.Files {
		t.Errorf("after %d: %v", opened, err)
	}
	waitFor(t, "all to be closed", func() bool { return openFDs(t) == before })
}

// TestStats: dbus-daemon tells what a connection has not read, and what is not read of a connection.
func TestStats(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Fatal("dbus-daemon tells root only")
	}
	b := private.Start(t)
	c, err := bus.Connect(t.Context(), bus.Options{Address: b.Address, Replies: []map[string]string{StatsReplies()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	from, to := private.DialRaw(t, b.Address), private.DialRaw(t, b.Address)
	const size = 1 << 20
	from.Signal(t, to.Name, "a.b.C", "ay", append([]byte{0, 0, 16, 0}, make([]byte, size)...))
	from.Flush(t)
	stats := NewStats(c.Conn)
	for name, ask := range map[string]func() (Backlog, error){
		"unread":  func() (Backlog, error) { return stats.Unread(t.Context(), to.Name) },
		"unheard": func() (Backlog, error) { return stats.Unheard(t.Context(), from.Name) },
	} {
		// The kernel has some of it.
		if got, err := ask(); err != nil || got.Bytes < size/2 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if _, err := stats.Unread(t.Context(), ":1.9999"); err == nil {
		t.Error("of nobody")
	}
}

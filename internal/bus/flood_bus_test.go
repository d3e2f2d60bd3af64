//go:build bus

package bus_test

import (
	"context"
	"encoding/binary"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/internal/bus"
	private "github.com/berthd/berth/test/bus"
)

// census counts what a process could be robbed of.
type census struct{ descriptors, goroutines int }

func count(t *testing.T) census {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return census{len(list), runtime.NumGoroutine()}
}

// settles waits until the process has no more than it had, but for two goroutines: who has sent a message closes its
// descriptors a moment later.
func settles(t *testing.T, before census) {
	t.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // which would close them some day
	after := count(t)
	for end := time.Now().Add(time.Minute); after.descriptors > before.descriptors || after.goroutines > before.goroutines+2; after = count(t) {
		if time.Now().After(end) {
			t.Fatalf("before %+v, now %+v", before, after)
		}
		time.Sleep(time.Millisecond)
	}
}

// variants is the body of an array of so many variants of a byte.
func variants(n int) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, uint32(4*n)), strings.Repeat("\x01y\x00v", n)...)
}

// TestFlood: whatever a stranger signals, the connection stays, answers, and holds nothing more than before.
// The test does not run beside others, since it counts what the process has.
func TestFlood(t *testing.T) {
	b := private.Start(t)
	c, err := bus.Connect(t.Context(), bus.Options{Address: b.Address, Library: []dbus.ConnOption{dbus.WithSignalHandler(dbus.NewSequentialSignalHandler())}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	signals := make(chan *dbus.Signal, 100)
	c.Signal(signals)
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	fd := int(null.Fd())
	stranger := private.DialRaw(t, b.Address)
	for _, s := range []struct {
		name      string
		times     int
		signature string
		body      string
		fds       []int
	}{
		{"nothing", 10000, "", "", nil},
		{"a signature for a key", 10000, "a{gs}", "\x0a\x00\x00\x00\x00\x00\x00\x00\x01y\x00\x00\x01\x00\x00\x00v\x00", nil},
		{"a boolean for a key", 100, "a{bs}", "\x0a\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00v\x00", nil},
		{"descriptors beside the body", 100, "s", "\x01\x00\x00\x00x\x00", []int{fd, fd, fd, fd, fd, fd, fd, fd, fd, fd, fd, fd, fd, fd, fd, fd}},
		{"a descriptor", 100, "h", "\x00\x00\x00\x00", []int{fd}},
		{"an array of descriptors", 100, "ah", "\x04\x00\x00\x00\x00\x00\x00\x00", []int{fd}},
		{"an array of descriptors that are not there", 100, "ah", "\x04\x00\x00\x00\x00\x00\x00\x00", nil},
		{"a descriptor in a variant", 100, "v", "\x01h\x00\x00\x00\x00\x00\x00", []int{fd}},
		{"2 MiB of variants", 50, "av", string(variants(2 << 18)), nil},
		{"32 MiB of variants", 3, "av", string(variants(8<<20 - 64)), nil},
		{"variants in variants", 100, "v", strings.Repeat("\x01v\x00", 61) + "\x01y\x00x", nil},
	} {
		t.Run(s.name, func(t *testing.T) {
			before := count(t)
			for range s.times {
				stranger.Signal(t, c.Names()[0], "a.b.C", s.signature, []byte(s.body), s.fds...)
			}
			stranger.Flush(t)
			var here bool
			// Behind all that was sent.
			if err := c.BusObject().CallWithContext(t.Context(), "org.freedesktop.DBus.NameHasOwner", 0, c.Names()[0]).Store(&here); err != nil || !here {
				t.Fatalf("the connection: %v, %v", here, err)
			}
			settles(t, before)
		})
	}
	c.Close() // closes the channel, too
	for s := range signals {
		if s.Sender != "org.freedesktop.DBus" {
			t.Errorf("a signal came through: %v", s)
		}
	}
}

// TestMistyped: a service whose replies are not as declared fails its callers, at once.
func TestMistyped(t *testing.T) {
	t.Parallel()
	b := private.Start(t)
	service := b.Connect(t)
	methods := map[string]any{
		"Number": func() (uint32, *dbus.Error) { return 7, nil },
		"Odd": func() (map[string]dbus.Variant, *dbus.Error) {
			return nil, dbus.NewError("a.b.No", []any{[]string{"not", "text"}})
		},
	}
	if err := service.ExportMethodTable(methods, "/", "a.b"); err != nil {
		t.Fatal(err)
	}
	c, err := bus.Connect(t.Context(), bus.Options{Address: b.Address, Replies: []map[string]string{{"a.b.Number": "u", "a.b.Odd": "s"}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	wrong, err := bus.Connect(t.Context(), bus.Options{Address: b.Address, Replies: []map[string]string{{"a.b.Number": "s"}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { wrong.Close() })
	var n uint32
	if err := c.Object(service.Names()[0], "/").CallWithContext(t.Context(), "a.b.Number", 0).Store(&n); err != nil || n != 7 {
		t.Errorf("as declared: %d, %v", n, err)
	}
	err = wrong.Object(service.Names()[0], "/").CallWithContext(t.Context(), "a.b.Number", 0).Err
	if want := `the reply of a.b.Number is of signature "u", not "s"`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if err := c.Object(service.Names()[0], "/").CallWithContext(t.Context(), "a.b.Odd", 0).Err; err == nil || err.Error() != "a.b.No" {
		t.Errorf("an odd error: %v", err)
	}
}

// TestServesNothing: a call to a connection that serves nothing is answered, whatever is in it.
func TestServesNothing(t *testing.T) {
	t.Parallel()
	b := private.Start(t)
	c, err := bus.Connect(t.Context(), bus.Options{Address: b.Address})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err = b.Connect(t).Object(c.Names()[0], "/a").CallWithContext(ctx, "a.b.C", 0, map[string]dbus.Variant{"x": dbus.MakeVariant([]byte{1})}).Err
	if err == nil || ctx.Err() != nil {
		t.Errorf("got %v", err)
	}
}

//go:build bus

package dbusapi

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/bus"
	private "github.com/berthd/berth/test/bus"
)

// openFDs counts this process's file descriptors.
func openFDs(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// closesAll waits until no more file descriptors are open than before: those of a reply are closed after it was
// written.
func closesAll(t *testing.T, before int) {
	t.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // which would close them some day
	waitFor(t, fmt.Sprintf("the %d file descriptors of before", before), func() bool { return openFDs(t) <= before })
}

// sendUnnamedFD calls a method with an fd that its (empty) body does not name.
func sendUnnamedFD(t *testing.T, c *private.Raw, fd int) {
	t.Helper()
	c.Call(t, private.Headers{
		dbus.FieldDestination: dbus.MakeVariant(contract.BusName),
		dbus.FieldPath:        dbus.MakeVariant(rootPath),
		dbus.FieldInterface:   dbus.MakeVariant(peerName),
		dbus.FieldMember:      dbus.MakeVariant("Ping"),
	}, nil, fd)
	if name := c.Await(t); name != contract.ErrorInvalidArgs {
		t.Errorf("the answer is %q", name)
	}
}

// TestFDsRefused: a descriptor that came with a call which takes none, or which does not exist, or which names it
// wrongly, is closed, and the call fails. This test does not run beside others, since they open descriptors too.
func TestFDsRefused(t *testing.T) {
	r := newRig(t)
	file, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	raw := private.DialRaw(t, r.bus.Address)
	before := openFDs(t)
	for i := range 200 {
		want := []string{contract.ErrorInvalidArgs, contract.ErrorUnknownMethod, contract.ErrorUnknownInterface, contract.ErrorInvalidArgs}[i%4]
		member := []string{contract.ContainerInterface + ".Start", contract.ContainerInterface + ".NoSuch", "no.such.Interface", peerName + ".Ping"}[i%4]
		fails(t, r.call(ContainerPath(uuidA), member, dbus.UnixFD(file.Fd())), want)
		sendUnnamedFD(t, raw, int(file.Fd()))
	}
	if err := r.call(rootPath, peerName+".Ping").Err; err != nil {
		t.Fatalf("the server after it: %v", err)
	}
	closesAll(t, before)
}

// TestFDs: a descriptor has an owner on its whole way: a method gets those of its call, they are closed when it
// returned, and those that it gives are closed when the reply was written. This test does not run beside others,
// since they open descriptors too.
func TestFDs(t *testing.T) {
	ask := stdError(contract.ErrorNotRunning, "on purpose")
	r := newRig(t, swap(ask))
	c, err := bus.Connect(t.Context(), bus.Options{
		Address: r.bus.Address, Descriptors: true,
		Replies: []map[string]string{{contract.ManagerInterface + ".Swap": "h"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	before := openFDs(t)
	for i := range 300 {
		reply, err := c.Exchange(t.Context(), &dbus.Message{
			Type: dbus.TypeMethodCall, Body: []any{dbus.UnixFDIndex(1), i%3 == 0},
			Headers: map[dbus.HeaderField]dbus.Variant{
				dbus.FieldDestination: dbus.MakeVariant(contract.BusName), dbus.FieldPath: dbus.MakeVariant(rootPath),
				dbus.FieldInterface: dbus.MakeVariant(contract.ManagerInterface), dbus.FieldMember: dbus.MakeVariant("Swap"),
			},
		}, []*os.File{null, null, null}[:2+i%2]...)
		switch {
		case i%2 == 1: // one too many
			if err == nil || !strings.Contains(err.Error(), "3 descriptors came with Swap, the limit is 2") {
				t.Fatalf("got %v", err)
			}
		case i%3 == 0:
			if err == nil || err.Error() != ask.text {
				t.Fatalf("got %v", err)
			}
		case err != nil:
			t.Fatal(err)
		}
		bus.CloseFiles(reply.Files)
	}
	closesAll(t, before)
}

// swap is a method that takes two descriptors and gives one, or fails after it gave it.
func swap(failure error) *method {
	return &method{
		name: "Swap", in: "hb", out: "h", action: contract.ActionRead, doing: "swap", descriptors: 2,
		run: func(_ context.Context, _ *Server, c *call) ([]any, error) {
			if _, err := c.file(c.args[0].(dbus.UnixFDIndex)).Stat(); err != nil {
				return nil, err
			}
			f, err := os.Open("/")
			if err != nil {
				return nil, err
			}
			given := c.give(f)
			if c.args[1].(bool) {
				return nil, failure
			}
			return []any{given}, nil
		},
	}
}

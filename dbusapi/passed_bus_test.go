//go:build bus

package dbusapi

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/bus"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

// pass calls a method of an object with files.
func pass(t *testing.T, c *bus.Conn, path dbus.ObjectPath, member string, files []*os.File, args ...any) ([]any, error) {
	t.Helper()
	reply, err := c.Exchange(t.Context(), &dbus.Message{
		Type: dbus.TypeMethodCall, Body: args,
		Headers: map[dbus.HeaderField]dbus.Variant{
			dbus.FieldDestination: dbus.MakeVariant(contract.BusName), dbus.FieldPath: dbus.MakeVariant(path),
			dbus.FieldInterface: dbus.MakeVariant(map[bool]string{true: contract.ManagerInterface, false: contract.ContainerInterface}[path == rootPath]),
			dbus.FieldMember:    dbus.MakeVariant(member),
		},
	}, files...)
	bus.CloseFiles(reply.Files)
	return reply.Body, err
}

func passer(t *testing.T, r *rig) *bus.Conn {
	t.Helper()
	c, err := bus.Connect(t.Context(), bus.Options{Address: r.bus.Address, Descriptors: true, Replies: []map[string]string{{
		contract.ManagerInterface + ".StageFDs": "u", contract.ManagerInterface + ".CreateXML": "o", contract.ContainerInterface + ".Start": "",
	}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// kinds are a pipe, a socket and a device, to tell descriptors apart.
func kinds(t *testing.T) []*os.File {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []*os.File{r, w, null} {
		t.Cleanup(func() { f.Close() })
	}
	return []*os.File{r, null, r, null, r, null, r, null, r, null, r, null, r, null, r, null}
}

// named is one element of a(sh).
type named struct {
	Name string
	FD   dbus.UnixFDIndex
}

func fds(order ...uint32) (list []named) {
	for _, n := range order {
		list = append(list, named{fmt.Sprint("n", n), dbus.UnixFDIndex(n)})
	}
	return list
}

// TestPassFDs: a start passes the descriptors of its options in their order, those that were staged first; nothing
// of them is open in the daemon afterwards, whatever was wrong. This test does not run beside others, since they open
// descriptors too.
func TestPassFDs(t *testing.T) {
	r := newRig(t)
	c := passer(t, r)
	files := kinds(t)
	before := openFDs(t)
	options := func(more ...any) map[string]dbus.Variant {
		o := noOptions()
		for i := 0; i < len(more); i += 2 {
			o[more[i].(string)] = dbus.MakeVariant(more[i+1])
		}
		return o
	}
	path := ContainerPath(uuidA)
	started := func(want ...string) {
		t.Helper()
		if got := r.core.wasPassed(); !slices.Equal(got, want) {
			t.Errorf("passed %q, want %q", got, want)
		}
	}
	if _, err := pass(t, c, path, "Start", files[:3], options("fds", fds(1, 0, 1))); err != nil {
		t.Fatal(err)
	}
	started("n1 Dc---------", "n0 p---------", "n1 Dc---------")
	full := func() {
		t.Helper()
		for want := uint32(16); want <= 240; want += 16 {
			got, err := pass(t, c, rootPath, "StageFDs", files, fds(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), noOptions())
			if err != nil || got[0] != want {
				t.Fatalf("got %v, %v, want %d", got, err, want)
			}
		}
	}
	full()
	_, err := pass(t, c, rootPath, "StageFDs", files, fds(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), noOptions())
	if err == nil || !strings.Contains(err.Error(), "256 descriptors to pass, the limit is 253") {
		t.Errorf("got %v", err)
	}
	closesAll(t, before)
	full()
	if _, err := pass(t, c, rootPath, "CreateXML", files[1:2], "tmp", options("fds", fds(0), "staged", true)); err != nil {
		t.Fatal(err)
	}
	if got := r.core.wasPassed(); len(got) != 241 || got[240] != "n0 Dc---------" || got[0] != "n0 p---------" {
		t.Errorf("%d passed: %q", len(got), got)
	}
	for want, args := range map[string][]any{
		`option "fds" of Start is of type "a(sh)", not "ah"`: {options("fds", []dbus.UnixFDIndex{0})},
		"names a descriptor that did not come with it":       {options("fds", fds(1))},
		`Start has no option "other"`:                        {options("other", true, "fds", fds(0))},
	} {
		if _, err := pass(t, c, path, "Start", files[:1], args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	r.core.set(func(context.Context, string, domain.UUID) error {
		return &service.PassedError{Place: 0, Name: "n0", Err: os.ErrInvalid}
	})
	_, err = pass(t, c, path, "Start", files[:1], options("fds", fds(0)))
	var e dbus.Error
	if !errors.As(err, &e) || e.Name != contract.ErrorInvalidArgs || !strings.Contains(e.Error(), "the first of the passed descriptors (n0): ") {
		t.Errorf("got %v", err)
	}
	closesAll(t, before)
}

// TestStagedLeave: what a caller has staged is closed when it leaves the bus. This test does not run beside others,
// since they open descriptors too.
func TestStagedLeave(t *testing.T) {
	r := newRig(t)
	files := kinds(t)
	before := openFDs(t)
	for range 20 {
		c := passer(t, r)
		if _, err := pass(t, c, rootPath, "StageFDs", files, fds(0, 1), noOptions()); err != nil {
			t.Fatal(err)
		}
		c.Close()
	}
	for openFDs(t) != before { // until the bus has told the server
		if err := r.call(rootPath, peerName+".Ping").Err; err != nil {
			t.Fatal(err)
		}
	}
}

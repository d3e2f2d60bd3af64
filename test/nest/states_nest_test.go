//go:build nest

package nest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/introspect"
)

// forbidden are the methods that a container refuses in a state, and the error.
var forbidden = []struct{ states, err, methods string }{
	{"running paused stopping", "AlreadyRunning", "Start"},
	{"shutoff crashed running paused stopping", "InvalidState", "AbortJob"},
	{
		"shutoff crashed", "NotRunning",
		"Destroy Exec GetGuestInfo GetStats OpenConsole OpenLeaderPIDFD OpenNamespaces Reboot Reset ResizeConsole Resume SendProcessSignal Shutdown Suspend WaitReady",
	},
	{"running paused stopping", "InvalidState", "Rename"},
	{"running", "InvalidState", "Resume"},
	{"paused", "InvalidState", "Exec Reboot Shutdown"},
	{
		"stopping", "InvalidState",
		"DetachDeviceAlias Exec GetGuestInfo OpenLeaderPIDFD OpenNamespaces Reboot Reset Resume SendProcessSignal SetInterface SetResources Suspend",
	},
}

// refusal is the error that a method gets for a state, "" if the state allows it. known tells whether forbidden has the
// method.
func refusal(method, state string) (name string, known bool) {
	for _, w := range forbidden {
		if !slices.Contains(strings.Fields(w.methods), method) {
			continue
		}
		known = true
		if slices.Contains(strings.Fields(w.states), state) {
			name = w.err
		}
	}
	return name, known
}

// judge says what is forbidden with the answer to a method, if anything is. An error about something else, such as a
// device that is not there, is right in any state.
func judge(method, state string, err error) error {
	var e dbus.Error
	got := ""
	if err != nil {
		if !errors.As(err, &e) {
			return err
		}
		got = strings.TrimPrefix(strings.TrimPrefix(e.Name, "org.berth1.Error."), "org.freedesktop.DBus.Error.")
	}
	want, known := refusal(method, state)
	everywhere := method == "Ping" || method == "GetMachineId" // org.freedesktop.DBus.Peer is on each path
	switch {
	case slices.Contains([]string{"Internal", "NoReply", "Timeout", "Disconnected"}, got):
		return err
	case state == "none" && got != "UnknownObject" && !everywhere, want != "" && got != want:
		return fmt.Errorf("%q, want %q: %w", got, want, errors.Join(err))
	case known && want == "" && slices.Contains([]string{"NotRunning", "InvalidState", "AlreadyRunning"}, got):
		return err
	}
	return nil
}

// stateful is a container that can be brought into each state.
type stateful struct{ guest }

// path is the container's, which is another after each Undefine, or that of none.
func (h *stateful) path(t *testing.T, state string) dbus.ObjectPath {
	t.Helper()
	if state == "none" {
		return "/org/berth1/container/_00000000_0000_4000_8000_000000000000"
	}
	path, err := bus(t).ByName(t.Context(), h.Name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// states bring a container into each state, from whatever it is in.
func (h *stateful) states(t *testing.T) map[string]func() {
	t.Helper()
	off := func() {
		try(t, "berthctl", "destroy", h.Name)
		try(t, "berthctl", "undefine", "console0") // renamed
		try(t, "berthctl", "define", h.file(t))
	}
	on := func() {
		off()
		run(t, "berthctl", "start", h.Name)
	}
	return map[string]func(){
		"shutoff": off,
		"running": on,
		"paused":  func() { on(); run(t, "berthctl", "suspend", h.Name) },
		"stopping": func() {
			on()
			says(t, h.Name, "ready")
			run(t, "systemctl", "stop", "--no-block", "machine-"+h.Name+".scope")
			eventually(t, func() error {
				if i := info(t, h.Name); i.State != "stopping" {
					return errors.New(i.State)
				}
				return nil
			})
		},
		"crashed": func() {
			on()
			if err := syscall.Kill(int(info(t, h.Name).Leader), syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			becomes(t, h.Name, "shutoff/failed")
		},
	}
}

// argumentsOf makes arguments of the types that a method takes, which are right as far as that can be known.
func argumentsOf(m *introspect.Method) (args []any) {
	properties := map[string][]any{
		"Get": {"org.berth1.Container", "State"}, "GetAll": {"org.berth1.Container"},
		"Set": {"org.berth1.Container", "State", dbus.MakeVariant("running")},
	}
	if list := properties[m.Name]; list != nil {
		return list
	}
	for _, a := range m.Args {
		if a.Direction == "out" {
			continue
		}
		args = append(args, map[string]any{
			"s": "console0", "b": false, "u": uint32(1), "q": uint16(1), "i": int32(0), "x": int64(1), "t": uint64(1), "as": []string{},
			"a{sv}": map[string]dbus.Variant{}, "v": dbus.MakeVariant("x"), "o": dbus.ObjectPath("/"),
		}[a.Type])
	}
	return args
}

// TestEveryMethodInEveryState: each method of a container, in each of its states and without it, is answered within ten
// seconds, with no internal error, and those that the state forbids with the error that says so. berthd goes on.
func TestEveryMethodInEveryState(t *testing.T) {
	clean(t)
	h := &stateful{script(t, "web", "trap : TERM; echo ready; while :; do sleep 1000 & wait; done")}
	h.define(t)
	pid := daemon(t)
	path, err := bus(t).ByName(t.Context(), h.Name)
	if err != nil {
		t.Fatal(err)
	}
	node, err := introspect.Call(systemBus(t).Object("org.berth1", path))
	if err != nil {
		t.Fatal(err)
	}
	states := h.states(t)
	states["none"] = func() {}
	for _, i := range node.Interfaces {
		for _, m := range i.Methods {
			for state, enter := range states {
				enter()
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				err := systemBus(t).Object("org.berth1", h.path(t, state)).CallWithContext(ctx, i.Name+"."+m.Name, 0, argumentsOf(&m)...).Err
				cancel()
				if err := judge(m.Name, state, err); err != nil {
					t.Errorf("%s of one that is %s: %v", m.Name, state, err)
				}
			}
		}
	}
	if now := daemon(t); now != pid {
		t.Errorf("berthd was %d, and is %d", pid, now)
	}
}

//go:build nest

package nest

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/godbus/dbus/v5"

	stranger "github.com/berthd/berth/test/bus"
)

const busUnit = "/etc/systemd/system/dbus.service"

// changeBus puts another message bus in the place of the host's, as a host does that boots with another one: everybody
// loses the connection. "" is the host's own.
func changeBus(t *testing.T, unit string) {
	t.Helper()
	run(t, "systemctl", "stop", "dbus.service")
	if err := os.Remove(busUnit); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	if unit != "" {
		if err := os.Symlink(unit, busUnit); err != nil {
			t.Fatal(err)
		}
	}
	run(t, "systemctl", "daemon-reload")
	run(t, "systemctl", "start", "dbus.service")
	busIsBack(t)
}

// busIsBack waits until berthd and machined answer on a bus that is new.
func busIsBack(t *testing.T) {
	t.Helper()
	dial.forget()
	connect.forget()
	eventually(t, func() error {
		for _, words := range [][]string{{"berthctl", "list"}, {"machinectl", "list"}} {
			if r := try(t, "timeout", append([]string{"60"}, words...)...); r.Status != 0 {
				return errors.New(r.Err)
			}
		}
		return nil
	})
}

// TestBroker: with dbus-broker in the place of dbus-daemon all is as before, also for a container that started with the
// other bus: the life of a container, its machine and its signals, a caller that reads nothing, and the death of the
// bus.
func TestBroker(t *testing.T) {
	clean(t)
	sleeper(t, "old").start(t)
	before := info(t, "old")
	run(t, "dpkg", "--unpack", "../../bin/dbus-broker.deb")
	changeBus(t, "/lib/systemd/system/dbus-broker.service")
	t.Cleanup(func() {
		changeBus(t, "")
		run(t, "dpkg", "--purge", "dbus-broker")
	})
	if got := run(t, "systemctl", "show", "--property=Id", "--value", "dbus.service"); got != "dbus-broker.service" {
		t.Fatalf("the bus is %s", got)
	}
	if after := info(t, "old"); after.State != "running" || after.Leader != before.Leader {
		t.Errorf("the container was %+v, and is %+v", before, after)
	}
	root := stranger.DialRaw(t, hostBus)
	root.Listen(t, "sender='org.berth1',member='Lifecycle'")
	sleeper(t, "new").define(t)
	for _, verb := range []string{"start", "suspend", "resume", "destroy"} {
		run(t, "berthctl", verb, "new")
	}
	root.Flush(t)
	if got := kindsOf(root.Heard); got != "defined started suspended resumed stopped" {
		t.Errorf("heard %q", got)
	}
	if got := machines(t); len(got) != 1 || got[0].Name != "old" {
		t.Errorf("machined knows %v", got)
	}
	slow := stranger.DialRaw(t, hostBus)
	asks(t, slow, 2000, "/org/berth1/container", "org.freedesktop.DBus.Introspectable", "Introspect")
	run(t, "timeout", "60", "berthctl", "list")
	slow.Close()

	launcher := daemonOf("dbus-broker-launch")("")
	if launcher == 0 {
		t.Fatal("there is no dbus-broker-launch")
	}
	if err := syscall.Kill(launcher, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	busIsBack(t)
	if after := info(t, "old"); after.State != "running" || after.Leader != before.Leader {
		t.Errorf("after the death of the bus the container is %+v", after)
	}
	if r := try(t, "machinectl", "terminate", "old"); r.Status != 0 {
		t.Errorf("%+v", r)
	}
	becomes(t, "old", "shutoff/shutdown")
}

// kindsOf are the kinds of the events in signals.
func kindsOf(heard []*dbus.Message) string {
	var kinds []string
	for _, m := range heard {
		if m.Headers[dbus.FieldMember].Value() == "Lifecycle" {
			kinds = append(kinds, m.Body[1].(string))
		}
	}
	return strings.Join(kinds, " ")
}

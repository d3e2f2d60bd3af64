//go:build nest

package nest

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/godbus/dbus/v5"
)

// asUser calls a method of berthd as a user of the host who is not root, with busctl.
func asUser(t *testing.T, args ...string) result {
	t.Helper()
	return whilePolkitDecides(t, func() result {
		return try(t, "setpriv", append([]string{"--reuid=65534", "--clear-groups", "busctl", "--allow-interactive-authorization=no", "call", "org.berth1"}, args...)...)
	})
}

// rules gives polkit rules until the test ends. Polkit reads them by itself, so the test waits until probe says that it
// has.
func rules(t *testing.T, text string, probe func() bool) {
	t.Helper()
	const name = "/etc/polkit-1/rules.d/10-berth-test.rules"
	if err := os.MkdirAll("/etc/polkit-1/rules.d", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.Remove(name); err != nil {
			t.Error(err)
		}
	})
	eventually(t, func() error {
		if !probe() {
			return errors.New("polkit has not read the rules")
		}
		return nil
	})
}

// TestUserIsDenied: a user without any right learns nothing from berthd, on a host with a real polkitd: not from lists,
// nor from the errors of a container that exists. A rule lets him see, start one container and no other. Root
// needs no polkitd.
func TestUserIsDenied(t *testing.T) {
	clean(t)
	sleeper(t, "mine").define(t)
	sleeper(t, "other").define(t)
	object := func(name string) string {
		return "/org/berth1/container/_" + strings.ReplaceAll(run(t, "berthctl", "domuuid", name), "-", "_")
	}
	mine, other, missing := object("mine"), object("other"), "/org/berth1/container/_00000000_0000_4000_8000_000000000000"
	list := []string{"/org/berth1", "org.berth1.Manager", "ListContainers", "a{sv}", "0"}
	start := []string{"org.berth1.Container", "Start", "a{sv}", "0"}
	if r := asUser(t, list...); r.Status == 0 || !strings.Contains(r.Err, "org.berth1.read needs interactive authorization") {
		t.Errorf("list: %+v", r)
	}
	texts := map[string]bool{}
	for _, path := range []string{mine, other, missing} {
		r := asUser(t, append([]string{path}, start...)...)
		if r.Status == 0 || !strings.Contains(r.Err, "no right to see it") {
			t.Errorf("start: %+v", r)
		}
		texts[strings.ReplaceAll(r.Err, path, "PATH")] = true
	}
	if len(texts) != 1 {
		t.Errorf("the errors tell what exists: %v", texts)
	}
	rules(t, `polkit.addRule(function(action, subject) {
		if (action.id.indexOf("org.berth1.") == 0 && action.lookup("container") == "mine") return polkit.Result.YES;
	});`, func() bool { return asUser(t, list...).Status == 0 })
	if r := asUser(t, list...); !strings.Contains(r.Out, `"mine"`) || strings.Contains(r.Out, `"other"`) {
		t.Errorf("list: %+v", r)
	}
	if r := asUser(t, append([]string{mine}, start...)...); r.Status != 0 {
		t.Errorf("start: %+v", r)
	}
	if r := asUser(t, append([]string{other}, start...)...); r.Status == 0 || !strings.Contains(r.Err, "no right to see it") {
		t.Errorf("start another: %+v", r)
	}
	run(t, "systemctl", "stop", "polkit.service")
	run(t, "systemctl", "mask", "--runtime", "polkit.service")
	defer func() { run(t, "systemctl", "unmask", "--runtime", "polkit.service") }()
	run(t, "berthctl", "destroy", "mine")
	if r := asUser(t, append([]string{mine}, start...)...); r.Status == 0 || !strings.Contains(r.Err, "denied") { // busctl does not show the text
		t.Errorf("without polkitd: %+v", r)
	}
}

// nobodyOnTheBus connects to the host's bus as a user who is not root.
func nobodyOnTheBus(t *testing.T) *dbus.Conn {
	t.Helper()
	var conn *dbus.Conn
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // it ends with its goroutine
		const id = 65534
		for _, call := range []uintptr{syscall.SYS_SETRESGID, syscall.SYS_SETRESUID} {
			if _, _, errno := syscall.RawSyscall(call, id, id, id); errno != 0 {
				err = errno
				return
			}
		}
		conn, err = dbus.Connect(hostBus)
	}()
	<-done
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// TestUserHears: on a real bus, a user who has subscribed hears the signals of the container that a rule lets him see,
// and none of another. Whoever listens without a subscription hears nothing.
func TestUserHears(t *testing.T) {
	run(t, "systemctl", "start", "polkit.service") // else clean finds it
	clean(t)
	sleeper(t, "mine").define(t)
	sleeper(t, "other").define(t)
	user, silent := nobodyOnTheBus(t), nobodyOnTheBus(t)
	object := user.Object("org.berth1", "/org/berth1")
	rules(t, `polkit.addRule(function(action, subject) {
		if (action.id == "org.berth1.read" && action.lookup("container") == "mine") return polkit.Result.YES;
	});`, func() bool {
		return object.Call("org.berth1.Manager.GetContainerByName", 0, "mine").Err == nil
	})
	if err := object.Call("org.berth1.Watch.Subscribe", 0, map[string]dbus.Variant{}).Err; err != nil {
		t.Fatal(err)
	}
	heard, overheard := make(chan *dbus.Signal, 1000), make(chan *dbus.Signal, 1000)
	user.Signal(heard)
	silent.Signal(overheard)
	for _, c := range []*dbus.Conn{user, silent} {
		if err := c.AddMatchSignal(dbus.WithMatchSender("org.berth1")); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"other", "mine"} {
		run(t, "berthctl", "start", name)
		run(t, "berthctl", "destroy", name)
	}
	var events []string
	eventually(t, func() error {
		for {
			select {
			case s := <-heard:
				if s.Name != "org.berth1.Watch.Relayed" {
					if !strings.HasPrefix(s.Name, "org.freedesktop.DBus.Name") {
						t.Errorf("he hears %s itself", s.Name)
					}
					continue
				}
				if args := s.Body[3].([]dbus.Variant); s.Body[2] == "Lifecycle" {
					events = append(events, fmt.Sprint(args[1].Value(), " ", args[4].Value().(map[string]dbus.Variant)["name"].Value()))
				}
			default:
				if len(events) < 2 {
					return fmt.Errorf("heard %v", events)
				}
				return nil
			}
		}
	})
	if !slices.Equal(events, []string{"started mine", "stopped mine"}) {
		t.Errorf("heard %v", events)
	}
	silent.RemoveSignal(overheard)
	close(overheard)
	for s := range overheard {
		if strings.HasPrefix(s.Name, "org.berth1") || strings.HasPrefix(string(s.Path), "/org/berth1") {
			t.Errorf("another overhears %s", s.Name)
		}
	}
}

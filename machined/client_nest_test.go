//go:build nest

package machined_test

import (
	"context"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/internal/bus"
	"github.com/berthd/berth/machined"
	"github.com/berthd/berth/test/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m, rig.Options{})) }

func connect(t *testing.T) *machined.Client {
	t.Helper()
	conn, err := dbus.ConnectSystemBus()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return machined.New(bus.NewPeer(conn, machined.BusName))
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// leader is a process in a scope of its own, as machined wants it.
func leader(t *testing.T) uint32 {
	t.Helper()
	cmd := exec.Command("systemd-run", "--quiet", "--scope", "--slice=machine.slice", "--unit=machine-web.scope", "sleep", "100")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) { // its name must be free for the next test
			out, err := exec.Command("systemctl", "list-units", "--all", "--no-legend", "machine-web.scope").Output()
			if err == nil && len(out) == 0 {
				return
			}
		}
		t.Error("the scope did not end")
	})
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		// systemd-run becomes the command as soon as it is in the scope.
		if name, err := os.ReadFile("/proc/" + strconv.Itoa(cmd.Process.Pid) + "/comm"); err == nil && string(name) == "sleep\n" {
			return uint32(cmd.Process.Pid)
		}
	}
	t.Fatal("the scope did not start")
	return 0
}

func machinectl(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("machinectl", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("machinectl %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// TestShown: machinectl shows a registered machine with its unit and root, and no more after it was
// taken off.
func TestShown(t *testing.T) {
	client := connect(t)
	m := machined.Machine{Name: "web", ID: [16]byte{0x66, 0x95, 15: 0xff}, Leader: leader(t), Root: "/usr"}
	if err := client.Register(within(t), m); err != nil {
		t.Fatal(err)
	}
	shown := machinectl(t, "show", "web")
	for _, want := range []string{
		"Id=669500000000000000000000000000ff", "Service=berth", "Class=container", "Unit=machine-web.scope",
		"RootDirectory=/usr", "State=running",
	} {
		if !strings.Contains(shown, want+"\n") {
			t.Errorf("machinectl show lacks %s:\n%s", want, shown)
		}
	}
	if err := unregister(within(t), client, "web", m.ID); err != nil {
		t.Fatal(err)
	}
	if out := machinectl(t, "list", "--no-legend"); strings.Contains(out, "web") {
		t.Errorf("machinectl list shows it still: %s", out)
	}
}

// TestNameIsFreeAtOnce: a name can be registered again at once, 300 times, while the unit lives on.
func TestNameIsFreeAtOnce(t *testing.T) {
	client := connect(t)
	m := machined.Machine{Name: "web", ID: [16]byte{0: 1, 15: 2}, Leader: leader(t)}
	for i := range 300 {
		if err := client.Register(within(t), m); err != nil {
			t.Fatalf("cycle %d: %v", i, err)
		}
		if err := unregister(within(t), client, m.Name, m.ID); err != nil {
			t.Fatalf("cycle %d: %v", i, err)
		}
	}
	if err := unregister(within(t), client, m.Name, m.ID); err != nil {
		t.Errorf("a machine that is not there: %v", err)
	}
}

// TestRefused: machined refuses a name twice, a bad name, one with an underscore among them, a relative root and a pid
// of nobody, and the client says so.
func TestRefused(t *testing.T) {
	client := connect(t)
	m := machined.Machine{Name: "web", ID: [16]byte{0: 1, 15: 2}, Leader: leader(t)}
	if err := client.Register(within(t), m); err != nil {
		t.Fatal(err)
	}
	if err := client.Register(within(t), m); err == nil {
		t.Error("a name was given twice")
	}
	if err := unregister(within(t), client, m.Name, m.ID); err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]machined.Machine{
		"bad name":      {Name: "a/b", Leader: m.Leader},
		"underscore":    {Name: "a_b", Leader: m.Leader},
		"relative root": {Name: "web", Leader: m.Leader, Root: "srv"},
		"no process":    {Name: "web", Leader: 1 << 22},
	} {
		if err := client.Register(within(t), bad); err == nil {
			t.Errorf("%s: registered", name)
		}
	}
}

// TestNames: a machine of any name that machined takes is found by its object, and taken off.
func TestNames(t *testing.T) {
	client := connect(t)
	m := machined.Machine{ID: [16]byte{0: 7}, Leader: leader(t)}
	for _, name := range []string{"web", "0", "9web", "1-a", "a.b", "1.2.3", "a.b-c", "UPPER", "lxc-12345-demo", strings.Repeat("a", 64)} {
		m.Name = name
		if err := client.Register(within(t), m); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, found, err := client.Find(within(t), m.ID)
		if want := (machined.Registered{Name: name, Unit: "machine-web.scope", Leader: m.Leader}); got != want || !found || err != nil {
			t.Errorf("%s: found %+v, %v, %v", name, got, found, err)
		}
		if err := unregister(within(t), client, name, m.ID); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got, found, err := client.Find(within(t), m.ID); found || err != nil {
			t.Fatalf("%s was not taken off: %+v, %v", name, got, err)
		}
	}
}

// TestAnothersMachine: a machine of that name that another manager registered, as systemd-nspawn does, or that has
// another id, or none, is neither found nor taken off.
func TestAnothersMachine(t *testing.T) {
	client := connect(t)
	ours := [16]byte{0: 7, 15: 1}
	pid := leader(t)
	for name, other := range map[string]struct{ service, id string }{
		"of nspawn":  {"systemd-nspawn", "7 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1"},
		"another id": {"berth", "7 0 0 0 0 0 0 0 0 0 0 0 0 0 0 2"},
		"no id":      {"berth", ""},
	} {
		id := strings.Fields(other.id)
		args := append([]string{
			"call", "org.freedesktop.machine1", "/org/freedesktop/machine1", "org.freedesktop.machine1.Manager", "RegisterMachine", "sayssus",
			"web", strconv.Itoa(len(id)),
		}, id...)
		args = append(args, other.service, "container", strconv.Itoa(int(pid)), "")
		if out, err := exec.Command("busctl", args...).CombinedOutput(); err != nil {
			t.Fatalf("busctl: %v: %s", err, out)
		}
		if got, found, err := client.Find(within(t), ours); found || err != nil {
			t.Errorf("%s: found %+v, %v", name, got, err)
		}
		if err := unregister(within(t), client, "web", ours); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if out := machinectl(t, "list", "--no-legend"); !strings.Contains(out, "web") {
			t.Errorf("%s: it was taken off: %s", name, out)
		}
		if out, err := exec.Command("busctl", "call", "org.freedesktop.machine1", "/org/freedesktop/machine1",
			"org.freedesktop.machine1.Manager", "UnregisterMachine", "s", "web").CombinedOutput(); err != nil {
			t.Fatalf("busctl: %v: %s", err, out)
		}
	}
}

// TestUnitWentFirst: a machine whose unit has ended is taken off by machined itself, and to take it off once more is no
// error.
func TestUnitWentFirst(t *testing.T) {
	client := connect(t)
	m := machined.Machine{Name: "web", ID: [16]byte{0: 7}, Leader: leader(t)}
	if err := client.Register(within(t), m); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("systemctl", "stop", "machine-web.scope").CombinedOutput(); err != nil {
		t.Fatalf("systemctl: %v: %s", err, out)
	}
	if err := unregister(within(t), client, m.Name, m.ID); err != nil {
		t.Error(err)
	}
	if got, found, err := client.Find(within(t), m.ID); found || err != nil {
		t.Errorf("found %+v, %v", got, err)
	}
}

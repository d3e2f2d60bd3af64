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
	return machined.New(conn)
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
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
	})
	for range 200 {
		// systemd-run becomes the command as soon as it is in the scope.
		if name, err := os.ReadFile("/proc/" + strconv.Itoa(cmd.Process.Pid) + "/comm"); err == nil && string(name) == "sleep\n" {
			return uint32(cmd.Process.Pid)
		}
		time.Sleep(10 * time.Millisecond)
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
	if err := client.Unregister(within(t), "web"); err != nil {
		t.Fatal(err)
	}
	if out := machinectl(t, "list", "--no-legend"); strings.Contains(out, "web") {
		t.Errorf("machinectl list shows it still: %s", out)
	}
}

// TestNameIsFreeAtOnce: a name can be registered again at once, 300 times, while the unit lives on.
func TestNameIsFreeAtOnce(t *testing.T) {
	client := connect(t)
	m := machined.Machine{Name: "web", Leader: leader(t)}
	for i := range 300 {
		if err := client.Register(within(t), m); err != nil {
			t.Fatalf("cycle %d: %v", i, err)
		}
		if err := client.Unregister(within(t), m.Name); err != nil {
			t.Fatalf("cycle %d: %v", i, err)
		}
	}
	if err := client.Unregister(within(t), m.Name); err != nil {
		t.Errorf("a machine that is not there: %v", err)
	}
}

// TestRefused: machined refuses a name twice, a bad name, a relative root and a pid of nobody, and
// the client says so.
func TestRefused(t *testing.T) {
	client := connect(t)
	m := machined.Machine{Name: "web", Leader: leader(t)}
	if err := client.Register(within(t), m); err != nil {
		t.Fatal(err)
	}
	if err := client.Register(within(t), m); err == nil {
		t.Error("a name was given twice")
	}
	if err := client.Unregister(within(t), m.Name); err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]machined.Machine{
		"bad name":      {Name: "a/b", Leader: m.Leader},
		"relative root": {Name: "web", Leader: m.Leader, Root: "srv"},
		"no process":    {Name: "web", Leader: 1 << 22},
	} {
		if err := client.Register(within(t), bad); err == nil {
			t.Errorf("%s: registered", name)
		}
	}
}

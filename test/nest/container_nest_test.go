//go:build nest

package nest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/berthd/berth/internal/client"
)

// guest is a container of a test: its definition and where it lives.
type guest struct {
	Name string
	Root string // "" is the host's
	Init string
	More string // elements of <domain>
	Args string // elements of <os>
	Devs string // elements of <devices>
}

// script gives a guest whose init is a shell script, in a busybox root of its own.
func script(t testing.TB, name, text string) guest {
	t.Helper()
	root := busybox(t)
	if err := os.WriteFile(filepath.Join(root, "init"), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return guest{Name: name, Root: root, Init: "/init"}
}

// sleeper is a guest that does nothing, for ever, and understands no signal.
func sleeper(t testing.TB, name string) guest {
	t.Helper()
	return script(t, name, "exec sleep 100000")
}

func (g guest) xml() string {
	fs := ""
	if g.Root != "" {
		fs = "<filesystem type='mount'><source dir='" + g.Root + "'/><target dir='/'/></filesystem>"
	}
	return "<domain type='lxc'><name>" + g.Name + "</name><memory>65536</memory>" + g.More +
		"<os><type>exe</type><init>" + g.Init + "</init>" + g.Args + "</os><devices>" + fs + g.Devs + "</devices></domain>"
}

// file writes the definition for berthctl.
func (g guest) file(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "guest.xml")
	if err := os.WriteFile(path, []byte(g.xml()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// define stores the guest until the test's end.
func (g guest) define(t testing.TB) {
	t.Helper()
	run(t, "berthctl", "define", g.file(t))
	t.Cleanup(func() {
		try(t, "berthctl", "destroy", g.Name)
		try(t, "berthctl", "undefine", g.Name)
	})
}

// start defines and starts it.
func (g guest) start(t testing.TB) {
	t.Helper()
	g.define(t)
	run(t, "berthctl", "start", g.Name)
}

var connect = kept[*client.Client]{make: func() (*client.Client, error) { return client.Connect(context.Background()) }}

// bus is connected as any client would be.
func bus(t testing.TB) *client.Client {
	t.Helper()
	c, err := connect.get()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// keeperOf returns the pid of a container's supervisor: the parent of init, which must live.
func keeperOf(i client.Info) int {
	text, err := os.ReadFile(proc(int(i.Leader), "status"))
	_, rest, found := strings.Cut(string(text), "\nPPid:\t")
	line, _, _ := strings.Cut(rest, "\n")
	pid, bad := strconv.Atoi(line)
	if err != nil || !found || bad != nil || pid <= 1 {
		panic(fmt.Sprintf("%s has no supervisor: parent %q of %d, %v", i.Name, line, i.Leader, err))
	}
	return pid
}

// info reads every property of a container.
func info(t testing.TB, name string) client.Info {
	t.Helper()
	c := bus(t)
	path, err := c.ByName(context.Background(), name)
	if err != nil {
		t.Fatal(err)
	}
	i, err := c.Info(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// becomes waits for "state/reason".
func becomes(t testing.TB, name, want string) client.Info {
	t.Helper()
	var i client.Info
	eventually(t, func() error {
		i = info(t, name)
		if got := i.State + "/" + i.StateReason; got != want {
			return fmt.Errorf("%s is %s, not %s", name, got, want)
		}
		return nil
	})
	return i
}

// configure has the daemon work by other settings until the test's end.
func configure(t testing.TB, text string) {
	t.Helper()
	const file = "/etc/berth/berth.conf.d/test.conf"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = os.Remove(file)
		run(t, "systemctl", "restart", "berthd")
	})
	run(t, "systemctl", "restart", "berthd")
}

// says waits until the console has a text, and gives all that it has.
func says(t testing.TB, name, text string) string {
	t.Helper()
	var output string
	eventually(t, func() error {
		output = strings.ReplaceAll(run(t, "berthctl", "console-log", name), "\r", "")
		if !strings.Contains(output, text) {
			return fmt.Errorf("the console of %s has no %q in:\n%s", name, text, output)
		}
		return nil
	})
	return output
}

// tell runs a script as init, waits for its end, and gives what it printed. This is how a test looks
// at the world from inside.
func tell(t testing.TB, g guest, text string) string {
	t.Helper()
	if g.Root == "" {
		g.Init = "/bin/sh"
		g.Args += "<initarg>-c</initarg><initarg>" + escape(text+"\necho THE END; exec sleep 100000") + "</initarg>"
	} else {
		if err := os.WriteFile(filepath.Join(g.Root, "init"), []byte("#!/bin/sh\n"+text+"\necho THE END; exec sleep 100000\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		g.Init = "/init"
	}
	g.start(t)
	output, _, _ := strings.Cut(says(t, g.Name, "THE END"), "THE END")
	run(t, "berthctl", "destroy", g.Name)
	return strings.TrimSpace(output)
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

func pidOf(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

func parseHex(digits string) (uint64, error) { return strconv.ParseUint(digits, 16, 64) }

//go:build vm

package vm

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/berthd/berth/test/rig/command"
)

// patience is for what should take a second.
const patience = time.Minute

type result = command.Result

var (
	try = command.Try
	run = command.Run
)

// guest is a container of a test, in a busybox root of its own.
type guest struct {
	Name string
	More string // elements of <domain>; <memory> among them
	Devs string // elements of <devices>, besides the root
	Init string // a shell command; without one, it sleeps for ever
	root string
}

// start defines and starts it until the test's end.
func (g *guest) start(t testing.TB) {
	t.Helper()
	g.define(t)
	run(t, "berthctl", "start", g.Name)
}

// define makes the root and defines it until the test's end.
func (g *guest) define(t testing.TB) {
	t.Helper()
	g.root = t.TempDir()
	for _, name := range []string{"bin", "dev", "etc", "proc", "sys", "tmp", "run"} {
		if err := os.Mkdir(filepath.Join(g.root, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	run(t, "cp", "/bin/busybox", filepath.Join(g.root, "bin"))
	run(t, "chroot", g.root, "/bin/busybox", "--install", "-s", "/bin")
	path := filepath.Join(t.TempDir(), "guest.xml")
	xml := "<domain type='lxc'><name>" + g.Name + "</name>" + g.More +
		"<os><type>exe</type><init>/bin/sh</init><initarg>-c</initarg><initarg>" + cmp.Or(g.Init, "exec sleep 100000") + "</initarg></os><devices>" +
		"<filesystem type='mount'><source dir='" + g.root + "'/><target dir='/'/></filesystem>" + g.Devs + "</devices></domain>"
	if err := os.WriteFile(path, []byte(xml), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "berthctl", "define", path)
	t.Cleanup(func() {
		try(t, "berthctl", "destroy", g.Name)
		run(t, "berthctl", "undefine", g.Name)
	})
}

// leader is the pid of init.
func (g *guest) leader(t testing.TB) string {
	t.Helper()
	return run(t, "machinectl", "show", g.Name, "--property=Leader", "--value")
}

// group is the directory of the container's own processes in the cgroup tree.
func (g *guest) group(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("/proc/" + g.leader(t) + "/cgroup")
	path, ok := strings.CutPrefix(strings.TrimSpace(string(text)), "0::")
	if err != nil || !ok {
		t.Fatalf("%q, %v", text, err)
	}
	return "/sys/fs/cgroup" + path
}

// exec runs a shell text as a process of the container: in its namespaces, root and control group.
func (g *guest) exec(t testing.TB, text string) result {
	t.Helper()
	join := fmt.Sprintf("echo $$ > %s/cgroup.procs && exec nsenter --target %s --all --root --wd=/ -- /bin/sh -c \"$1\"", g.group(t), g.leader(t))
	return try(t, "sh", "-euc", join, "-", text)
}

// says is exec for what must succeed, and gives what it printed.
func (g *guest) says(t testing.TB, text string) string {
	t.Helper()
	r := g.exec(t, text)
	if r.Status != 0 {
		t.Fatalf("in %s, %q: %+v", g.Name, text, r)
	}
	return r.Out
}

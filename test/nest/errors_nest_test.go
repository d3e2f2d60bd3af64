//go:build nest

package nest

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/berthd/berth/internal/client"
)

// TestBadInput: a bad document is refused with one line that names what is wrong, by define and by
// create, and leaves nothing.
func TestBadInput(t *testing.T) {
	clean(t)
	root := busybox(t)
	good := guest{Name: "web", Root: root, Init: "/bin/sh"}
	with := func(change func(*guest)) string { g := good; change(&g); return g.xml() }
	bomb := `<!DOCTYPE domain [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>`
	for name, c := range map[string]struct{ xml, want string }{
		"broken XML":        {good.xml()[:80], "unexpected EOF"},
		"DOCTYPE":           {"<!DOCTYPE domain>" + good.xml(), "document types"},
		"entity bomb":       {bomb + strings.Replace(good.xml(), "web", "&b;", 1), "document types"},
		"unknown entity":    {strings.Replace(good.xml(), "web", "&b;", 1), "invalid character entity"},
		"10 MB":             {with(func(g *guest) { g.More = "<title>" + strings.Repeat("x", 10<<20) + "</title>" }), "the limit is"},
		"name with slash":   {with(func(g *guest) { g.Name = "a/b" }), "cannot contain '/'"},
		"name with newline": {with(func(g *guest) { g.Name = "a\nb" }), "newlines"},
		"name ..":           {with(func(g *guest) { g.Name = ".." }), "not a name for a domain"},
		"name of 300 chars": {with(func(g *guest) { g.Name = strings.Repeat("n", 300) }), "300 bytes"},
		"no name":           {with(func(g *guest) { g.Name = "" }), "must have a name"},
		"wrong type":        {strings.Replace(good.xml(), "'lxc'", "'kvm'", 1), "domain@type"},
		"missing init":      {strings.Replace(good.xml(), "<init>/bin/sh</init>", "", 1), "domain/os/init"},
		"memory 0":          {strings.Replace(good.xml(), "65536", "0", 1), "domain/memory"},
		"unknown element":   {with(func(g *guest) { g.Devs = "<teleporter/>" }), "domain/devices/teleporter"},
		"not supported":     {with(func(g *guest) { g.Devs = "<interface type='network'/>" }), "domain/devices/interface"},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			file := filepath.Join(t.TempDir(), "bad.xml")
			if err := os.WriteFile(file, []byte(c.xml), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, verb := range []string{"define", "create"} {
				r := try(t, "berthctl", verb, file)
				if r.Status != 1 || !strings.Contains(r.Err, c.want) || strings.Contains(r.Err, "\n") || r.Out != "" {
					t.Errorf("%s: %+v, want %q", verb, r, c.want)
				}
			}
		})
	}
}

// TestManyFaults: all mistakes of a document are said at once, each on a line with its place, and as facts on the bus.
func TestManyFaults(t *testing.T) {
	clean(t)
	g := guest{
		Name: "a/b", Root: busybox(t), Init: "/bin/sh", More: "<on_crash>explode</on_crash>",
		Devs: "\n<lease/>\n<lease/>",
	}
	file := filepath.Join(t.TempDir(), "bad.xml")
	if err := os.WriteFile(file, []byte(g.xml()), 0o600); err != nil {
		t.Fatal(err)
	}
	r := try(t, "berthctl", "define", file)
	lines := strings.Split(strings.TrimSpace(r.Err), "\n")
	want := []string{"error: cannot ", "  domain/name: ", "  domain/devices/lease[1]: ", "  domain/devices/lease[2]: ", "  domain/on_crash: "}
	if r.Status != 1 || len(lines) != len(want) {
		t.Fatalf("%+v", r)
	}
	for _, begin := range want {
		if !strings.Contains("\n"+r.Err, "\n"+begin) {
			t.Errorf("no line begins with %q:\n%s", begin, r.Err)
		}
	}
	if strings.Contains(r.Err, "remove it") || strings.Count(r.Err, "(line ") != 4 || !strings.Contains(r.Err, "nothing takes the lock") {
		t.Errorf("%s", r.Err)
	}
}

// TestFailedStart: a start that must fail says why in one line, and is undone at the reply.
func TestFailedStart(t *testing.T) {
	clean(t)
	root := busybox(t)
	if err := os.WriteFile(filepath.Join(root, "data"), []byte("#!/bin/sh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "lost"), []byte("#!/no/such/interpreter\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		g    guest
		want string
	}{
		"init absent":          {guest{Root: root, Init: "/nosuch"}, "/nosuch: no such file"},
		"init not executable":  {guest{Root: root, Init: "/data"}, "/data: permission denied"},
		"init is a directory":  {guest{Root: root, Init: "/bin"}, "/bin: permission denied"},
		"interpreter absent":   {guest{Root: root, Init: "/lost"}, "/lost: its interpreter (first line, after #!) or its loader is missing: no such file"},
		"root is a file":       {guest{Root: "/etc/passwd", Init: "/bin/sh"}, "/etc/passwd"},
		"working dir missing":  {guest{Root: root, Init: "/bin/sh", Args: "<initdir>/nosuch</initdir>"}, "/nosuch: no such file"},
		"working dir by magic": {guest{Root: root, Init: "/bin/sh", Args: "<initdir>/proc/self/fd/3</initdir>"}, "/proc/self/fd/3"},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			c.g.Name = "web"
			c.g.define(t)
			r := try(t, "berthctl", "start", "web")
			if r.Status != 1 || !strings.Contains(r.Err, c.want) || strings.Contains(r.Err, "\n") {
				t.Errorf("%+v, want %q", r, c.want)
			}
			if i := info(t, "web"); i.State != "shutoff" || i.StateReason != "failed" {
				t.Errorf("it is %s/%s", i.State, i.StateReason)
			}
			if len(machines(t)) > 0 || len(units(t, "machine-*.scope")) > 0 {
				t.Error("something is left at the moment of the reply")
			}
		})
	}
}

// TestWrongMoment: an operation that the container's state or another container does not allow is
// refused with its reason.
func TestWrongMoment(t *testing.T) {
	clean(t)
	g := sleeper(t, "web")
	g.define(t)
	uuid := info(t, "web").UUID
	refused := func(want string, args ...string) {
		t.Helper()
		if r := try(t, "berthctl", args...); r.Status != 1 || !strings.Contains(r.Err, want) {
			t.Errorf("berthctl %v: %+v, want %q", args, r, want)
		}
	}
	refused("not running", "destroy", "web")
	refused("not running", "suspend", "web")
	refused("not running", "resume", "web")
	refused("failed to get domain 'nosuch'", "start", "nosuch")
	refused("already exists with uuid "+uuid, "define", g.file(t))
	other := g
	other.Name, other.More = "db", "<uuid>"+uuid+"</uuid>"
	refused("already exists with uuid "+uuid, "define", other.file(t))
	run(t, "berthctl", "start", "web")
	refused("already active", "start", "web")
	refused("already exists", "create", g.file(t))
	refused("", "resume", "web")
	if got := run(t, "berthctl", "domstate", "web"); got != "running" {
		t.Errorf("afterwards it is %s", got)
	}
	path, err := bus(t).ByName(context.Background(), "web")
	if err != nil {
		t.Fatal(err)
	}
	if err := bus(t).Start(context.Background(), path); client.NameOf(err) != "org.berth1.Error.AlreadyRunning" {
		t.Errorf("start twice on the bus: %s, %v", client.NameOf(err), err)
	}
}

//go:build nest

package nest

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLife: a container's whole life with berthctl is seen by systemd and machined, and nothing is
// left at the reply to destroy.
func TestLife(t *testing.T) {
	clean(t)
	g := sleeper(t, "web")
	if got := run(t, "berthctl", "define", g.file(t)); !strings.HasPrefix(got, "Domain 'web' defined from ") {
		t.Errorf("define says %q", got)
	}
	if got := run(t, "berthctl", "start", "web"); got != "Domain 'web' started" {
		t.Errorf("start says %q", got)
	}
	i := info(t, "web")
	if i.State != "running" || i.StateReason != "booted" || i.Unit != "machine-web.scope" || i.RootDirectory != g.Root {
		t.Errorf("after start: %+v", i)
	}
	if got := machines(t); len(got) != 1 || got[0].Name != "web" || got[0].Class != "container" || got[0].Service != "berth" {
		t.Errorf("machined knows %v", got)
	}
	if got := run(t, "machinectl", "show", "web", "--property=Leader", "--value"); got != pidOf(i.Leader) {
		t.Errorf("machined's leader is %s, ours %d", got, i.Leader)
	}
	if got := run(t, "machinectl", "status", "web"); !strings.Contains(got, "BusyBox of a test") || !strings.Contains(got, "payload") {
		t.Errorf("machinectl status shows no OS or no payload:\n%s", got)
	}
	tree := cgroups(t, i.ControlGroup)
	if want := []string{i.ControlGroup, i.ControlGroup + "/payload", i.ControlGroup + "/supervisor"}; !slices.Equal(tree, want) {
		t.Errorf("control groups %v", tree)
	}
	if got := members(t, i.ControlGroup+"/payload"); !slices.Equal(got, []int{int(i.Leader)}) {
		t.Errorf("payload has %v", got)
	}
	if got := members(t, i.ControlGroup+"/supervisor"); !slices.Equal(got, []int{keeperOf(i)}) {
		t.Errorf("supervisor has %v", got)
	}
	if got := run(t, "berthctl", "destroy", "web"); got != "Domain 'web' destroyed" {
		t.Errorf("destroy says %q", got)
	}
	// Nothing is left at the very moment of the reply.
	if len(machines(t)) > 0 || len(units(t, "machine-*.scope")) > 0 || len(cgroups(t, "/machine.slice")) > 1 {
		t.Errorf("left: %v %v %v", machines(t), units(t, "machine-*.scope"), cgroups(t, "/machine.slice"))
	}
	if got := info(t, "web"); got.State != "shutoff" || got.StateReason != "destroyed" || got.LastExit.Kind != "killed" || got.LastExit.Code != 9 {
		t.Errorf("after destroy: %+v", got)
	}
	run(t, "berthctl", "undefine", "web")
	if r := try(t, "berthctl", "domstate", "web"); r.Status != 1 || !strings.Contains(r.Err, "failed to get domain 'web'") {
		t.Errorf("after undefine: %+v", r)
	}
}

// TestTransient: a transient container has no stored definition, and is unknown after its end.
func TestTransient(t *testing.T) {
	clean(t)
	g := script(t, "tmp", "read line; exit 5")
	if got := run(t, "berthctl", "create", g.file(t)); !strings.HasPrefix(got, "Domain 'tmp' created from ") {
		t.Errorf("create says %q", got)
	}
	if i := info(t, "tmp"); i.Persistent {
		t.Error("a transient container says that it is persistent")
	}
	if _, err := os.Stat("/etc/berth/containers/tmp.xml"); err == nil {
		t.Error("a transient container has a stored definition")
	}
	run(t, "berthctl", "destroy", "tmp")
	if r := try(t, "berthctl", "domstate", "tmp"); r.Status != 1 {
		t.Errorf("it is still known: %+v", r)
	}
}

// TestSuspend: a suspended container does nothing until it is resumed, and can be destroyed.
func TestSuspend(t *testing.T) {
	clean(t)
	g := script(t, "web", "while true; do echo tick; sleep 0.01; done")
	g.start(t)
	says(t, "web", "tick")
	run(t, "berthctl", "suspend", "web")
	if got := run(t, "berthctl", "domstate", "web"); got != "paused" {
		t.Errorf("domstate says %q", got)
	}
	frozen := run(t, "berthctl", "console-log", "web")
	eventually(t, func() error { // the supervisor may still have to read what it printed before
		before := frozen
		run(t, "sleep", "0.2")
		if frozen = run(t, "berthctl", "console-log", "web"); frozen != before {
			return errors.New("a suspended container prints")
		}
		return nil
	})
	if got := run(t, "machinectl", "show", "web", "--property=State", "--value"); got != "running" {
		t.Errorf("machined says %q", got)
	}
	run(t, "berthctl", "resume", "web")
	eventually(t, func() error {
		if run(t, "berthctl", "console-log", "web") == frozen {
			return os.ErrDeadlineExceeded
		}
		return nil
	})
	run(t, "berthctl", "suspend", "web")
	run(t, "berthctl", "destroy", "web") // a frozen container too
}

// TestExitStatus: the end of init is kept as waitid(2) tells it.
func TestExitStatus(t *testing.T) {
	clean(t)
	for name, c := range map[string]struct {
		init, state, kind string
		code              int32
	}{
		"exits with 0":   {"exit 0", "shutoff/shutdown", "exited", 0},
		"exits with 3":   {"exit 3", "shutoff/shutdown", "exited", 3},
		"powers off":     {"poweroff -f", "shutoff/shutdown", "killed", 2},
		"is too quick":   {"", "shutoff/shutdown", "exited", 0},
		"prints and end": {"seq 100000; exit 7", "shutoff/shutdown", "exited", 7},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			g := script(t, "web", c.init)
			g.start(t)
			i := becomes(t, "web", c.state)
			if i.LastExit.Kind != c.kind || i.LastExit.Code != c.code {
				t.Errorf("last exit is %+v", i.LastExit)
			}
		})
	}
}

// TestReboot: reboot(2) inside starts the container again, with the definition that it ran with.
func TestReboot(t *testing.T) {
	clean(t)
	g := script(t, "web", "echo life; [ -e /tmp/second ] || { touch /tmp/second; read wait < /tmp/go; reboot -f; }; exec sleep 100000")
	run(t, "mkfifo", filepath.Join(g.Root, "tmp/go"))
	g.start(t)
	first := info(t, "web")
	changed := g
	changed.More = "<uuid>" + first.UUID + "</uuid><title>new</title>"
	run(t, "berthctl", "define", changed.file(t))
	if err := os.WriteFile(filepath.Join(g.Root, "tmp/go"), []byte("go\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error {
		if i := info(t, "web"); i.State != "running" || i.Leader == first.Leader {
			return os.ErrDeadlineExceeded
		}
		return nil
	})
	if got := machines(t); len(got) != 1 {
		t.Errorf("machines: %v", got)
	}
	if live := run(t, "berthctl", "dumpxml", "web"); strings.Contains(live, "<title>new") {
		t.Errorf("it runs by the new definition:\n%s", live)
	}
}

// TestConsole: output never blocks, and its last 64 KiB are kept, also after the end.
func TestConsole(t *testing.T) {
	clean(t)
	g := script(t, "web", "seq 1 200000; echo done; exit 0")
	g.Devs = "<console type='pty'/><console type='pty'/>"
	g.start(t)
	becomes(t, "web", "shutoff/shutdown")
	output := run(t, "berthctl", "console-log", "web")
	if len(output) < 60<<10 || len(output) > 64<<10 || !strings.HasSuffix(output, "200000\r\ndone") {
		t.Errorf("%d bytes, ending in %q", len(output), output[max(0, len(output)-30):])
	}
	if got := run(t, "berthctl", "console-log", "web", "--devname", "console1"); got != "" {
		t.Errorf("the second console has %q", got)
	}
	if r := try(t, "berthctl", "console-log", "web", "--devname", "console2"); r.Status != 1 || !strings.Contains(r.Err, "console2") {
		t.Errorf("a console that is not there: %+v", r)
	}
}

// TestDumpXML: a redefinition changes the inactive definition at once, and the live one with the
// next start.
func TestDumpXML(t *testing.T) {
	clean(t)
	g := sleeper(t, "web")
	g.start(t)
	i := info(t, "web")
	live, inactive := run(t, "berthctl", "dumpxml", "web"), run(t, "berthctl", "dumpxml", "web", "--inactive")
	if !strings.Contains(live, "id='"+pidOf(i.ID)+"'") || !strings.Contains(live, "<alias name='console0'/>") {
		t.Errorf("live XML:\n%s", live)
	}
	if strings.Contains(inactive, "id=") || strings.Contains(inactive, "alias") {
		t.Errorf("inactive XML:\n%s", inactive)
	}
	changed := g
	changed.More = "<uuid>" + i.UUID + "</uuid><title>new</title>"
	run(t, "berthctl", "define", changed.file(t))
	if !info(t, "web").Updated {
		t.Error("a redefined running container is not marked as updated")
	}
	if now := run(t, "berthctl", "dumpxml", "web"); cmp.Diff(live, now) != "" {
		t.Errorf("the live definition changed:\n%s", cmp.Diff(live, now))
	}
	run(t, "berthctl", "destroy", "web")
	if now := run(t, "berthctl", "dumpxml", "web"); !strings.Contains(now, "<title>new</title>") {
		t.Errorf("after the stop:\n%s", now)
	}
}

//go:build nest

package nest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// stormKinds are what the containers of a storm are like, in turn. Their inits wait for what comes: thirty
// that poll would be a load of their own.
var stormKinds = []struct {
	name, init, more, devices string
}{
	{name: "deaf", init: "exec sleep 100000"},
	{name: "obedient", init: "trap 'exit 0' TERM 38; trap 'reboot -f' INT; trap 'exit 5' USR1; while true; do sleep 100000 & wait; done"},
	{name: "brief", init: "sleep 2; exit 3"},
	{name: "comes again", init: "exec sleep 100000", more: "<on_crash>restart</on_crash>"},
	{name: "mapped", init: "sleep 100000 & exec sleep 100000", more: idmap + "<features><privnet/></features>"},
	{name: "talks", init: "while true; do seq 1 200; sleep 0.5; done", devices: "<console type='pty'/><console type='pty'/>"},
}

// stormGuests makes the roots and definitions of the storm's containers and of the witnesses. Containers of
// a kind share a root. It gives the directory with the definitions.
func stormGuests(t *testing.T, witnesses int) (files string) {
	t.Helper()
	files = t.TempDir()
	var roots []string
	for _, kind := range stormKinds {
		roots = append(roots, script(t, kind.name, kind.init).Root)
	}
	write := func(path string, g guest) {
		t.Helper()
		if err := os.WriteFile(path, []byte(g.xml()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for n := range stormSize {
		kind := n % len(stormKinds)
		for version := range stormVersions {
			write(stormFile(files, n, version), guest{
				Name: stormName(n), Root: roots[kind], Init: "/init", Devs: stormKinds[kind].devices,
				More: fmt.Sprintf("<uuid>57000000-0000-4000-8000-0000000000%02d</uuid><title>version %d</title>", n, version) + stormKinds[kind].more,
			})
		}
	}
	for n := range witnesses {
		kind := n % len(stormKinds)
		if stormKinds[kind].name == "brief" {
			kind = 0
		}
		write(filepath.Join(files, witnessName(n)+".xml"), guest{Name: witnessName(n), Root: roots[kind], Init: "/init", More: stormKinds[kind].more, Devs: stormKinds[kind].devices})
	}
	return files
}

func witnessName(n int) string { return fmt.Sprintf("witness%d", n) }

// testimony is of a container that nobody touches, and what must stay of it.
type testimony struct {
	name, leader, supervisor string // the two with their start times
}

// testify starts the witnesses.
func testify(t *testing.T, files string, many int) []testimony {
	t.Helper()
	var all []testimony
	for n := range many {
		name := witnessName(n)
		run(t, "berthctl", "define", filepath.Join(files, name+".xml"))
		t.Cleanup(func() {
			try(t, "berthctl", "destroy", name)
			try(t, "berthctl", "undefine", name)
		})
		run(t, "berthctl", "start", name)
		all = append(all, seen(t, name))
	}
	return all
}

// seen is a witness as it is now.
func seen(t *testing.T, name string) testimony {
	t.Helper()
	i := info(t, name)
	return testimony{name: name, leader: born(int(i.Leader)), supervisor: born(keeperOf(i))}
}

// born tells a process from any other that has its pid before or later: the pid and the start time,
// proc_pid_stat(5).
func born(pid int) string {
	text, err := os.ReadFile(proc(pid, "stat"))
	if err != nil || pid == 0 {
		return "gone"
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	return fmt.Sprintf("%d since %s", pid, fields[22-3])
}

// unchanged says what has become of the witnesses.
func unchanged(t *testing.T, before []testimony) []string {
	t.Helper()
	var changed []string
	for _, w := range before {
		if r := try(t, "berthctl", "domstate", w.name); r.Out != "running" {
			changed = append(changed, fmt.Sprintf("%s is %q %s", w.name, r.Out, r.Err))
			continue
		}
		if now := seen(t, w.name); now != w {
			changed = append(changed, fmt.Sprintf("%s was %+v, is %+v", w.name, w, now))
		}
	}
	return changed
}

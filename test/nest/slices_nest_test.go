//go:build nest

package nest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func partition(p string) string { return "<resource><partition>" + p + "</partition></resource>" }

// show returns a property of a unit.
func show(t testing.TB, unit, property string) string {
	t.Helper()
	return run(t, "systemctl", "show", "--property="+property, "--value", "--", unit)
}

// TestPartitions: a container runs in the slice of its partition, below the slices above, which systemd makes when they
// are needed; a second start finds the same place, and each tool sees it.
func TestPartitions(t *testing.T) {
	clean(t)
	for p, slices := range map[string]string{
		"":                          "machine.slice",
		"/machine":                  "machine.slice",
		"/machine/prod/web":         "machine.slice/machine-prod.slice/machine-prod-web.slice",
		"/prod":                     "prod.slice",
		"/machine/a-b/.c":           `machine.slice/machine-a\x2db.slice/machine-a\x2db-.c.slice`,
		"/machine/with space/é:_.x": `machine.slice/machine-with\x20space.slice/machine-with\x20space-\xc3\xa9:_.x.slice`,
		"/-":                        `\x2d.slice`,
		"/x.scope/y.slice":          "x.scope.slice/x.scope-y.slice.slice",
	} {
		t.Run(p, func(t *testing.T) {
			clean(t)
			g := script(t, "web", "echo up; exec sleep 100000")
			if p != "" {
				g.More = partition(p)
			}
			t.Cleanup(func() { // a slice stays until somebody stops it
				for s := range strings.SplitSeq(slices, "/") {
					if s != "machine.slice" {
						run(t, "systemctl", "stop", "--", s)
					}
				}
			})
			g.define(t)
			slice := slices[strings.LastIndex(slices, "/")+1:]
			for range 2 {
				run(t, "berthctl", "start", "web")
				i := info(t, "web")
				if want := "/" + slices + "/machine-web.scope"; i.Slice != slice || i.ControlGroup != want {
					t.Errorf("it is in %s, %s; want %s, %s", i.Slice, i.ControlGroup, slice, want)
				}
				for s := range strings.SplitSeq(slices, "/") {
					if got := show(t, s, "ActiveState"); got != "active" {
						t.Errorf("%s is %s", s, got)
					}
				}
				if got := show(t, "machine-web.scope", "Slice"); got != slice {
					t.Errorf("systemd says %s", got)
				}
				if got := run(t, "systemctl", "status", "--", slice); !strings.Contains(got, "machine-web.scope") {
					t.Errorf("the status of the slice: %s", got)
				}
				if got := run(t, "machinectl", "show", "--property=Unit", "--value", "web"); got != "machine-web.scope" {
					t.Errorf("machinectl says %s", got)
				}
				if got := run(t, "machinectl", "status", "web"); !strings.Contains(got, "sleep 100000") {
					t.Errorf("machinectl: %s", got)
				}
				run(t, "systemctl", "daemon-reload")
				run(t, "berthctl", "destroy", "web")
			}
			shown := p
			if p == "" {
				shown = "/machine"
			}
			run(t, "berthctl", "start", "web")
			if got := run(t, "berthctl", "dumpxml", "web"); !strings.Contains(got, "<partition>"+shown+"</partition>") {
				t.Errorf("the live XML has another partition: %s", got)
			}
		})
	}
}

// TestSlicesStay: the slices above a container are the administrator's: what he has set, in a file or at run time, is
// there before, while and after containers run, also after a daemon-reload; and the end of one container hurts no other
// in the slice.
func TestSlicesStay(t *testing.T) {
	clean(t)
	const file = "/etc/systemd/system/machine-prod.slice"
	if err := os.WriteFile(file, []byte("[Unit]\nDescription=Production\n[Slice]\nMemoryMax=300M\nTasksMax=500\nCPUWeight=50\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		run(t, "systemctl", "revert", "machine-prod.slice", "machine-prod-web.slice")
		if err := os.Remove(file); err != nil && !os.IsNotExist(err) {
			t.Error(err)
		}
		run(t, "systemctl", "daemon-reload")
		run(t, "systemctl", "stop", "machine-prod.slice")
	})
	run(t, "systemctl", "daemon-reload")
	run(t, "systemctl", "set-property", "--runtime", "machine-prod-web.slice", "MemoryHigh=200M", "IOWeight=30")
	look := func() string {
		t.Helper()
		var all []string
		for _, slice := range []string{"machine-prod.slice", "machine-prod-web.slice"} {
			all = append(all, run(t, "systemctl", "show", "--property=Description,FragmentPath,DropInPaths,MemoryMax,MemoryHigh,TasksMax,CPUWeight,IOWeight", "--", slice))
		}
		return strings.Join(all, "\n")
	}
	before := look()
	for _, want := range []string{"MemoryMax=314572800\n", "TasksMax=500\n", "CPUWeight=50\n", "MemoryHigh=209715200\n", "IOWeight=30\n"} {
		if !strings.Contains(before+"\n", want) {
			t.Fatalf("the test shows nothing: no %s in %s", want, before)
		}
	}
	same := func(when string) {
		t.Helper()
		if got := look(); got != before {
			t.Errorf("%s:\n%s\nbefore:\n%s", when, got, before)
		}
	}
	for _, name := range []string{"web", "db"} {
		g := script(t, name, "exec sleep 100000")
		g.More = partition("/machine/prod/web")
		g.start(t)
	}
	same("with two containers")
	run(t, "systemctl", "set-property", "--runtime", "machine-prod.slice", "TasksMax=400")
	before = strings.Replace(look(), "TasksMax=500", "TasksMax=400", 1)
	run(t, "systemctl", "daemon-reload")
	run(t, "systemctl", "restart", "berthd")
	same("after a daemon-reload and a restart")
	run(t, "berthctl", "destroy", "db")
	same("after the end of one")
	if i := info(t, "web"); i.State != "running" || i.ControlGroup != "/machine.slice/machine-prod.slice/machine-prod-web.slice/machine-web.scope" {
		t.Errorf("the other one is %s in %s", i.State, i.ControlGroup)
	}
	run(t, "berthctl", "destroy", "web")
	same("after the end of both")
	run(t, "berthctl", "start", "web")
	same("after another start")
}

// TestBadPartitions: a partition that cannot be a slice is refused when it is defined, with the element and what is
// wrong.
func TestBadPartitions(t *testing.T) {
	clean(t)
	for p, want := range map[string]string{
		"machine":                             "'machine' is not an absolute path such as /machine",
		"":                                    "'' is not an absolute path such as /machine",
		"/":                                   "'/' is not an absolute path such as /machine",
		"/machine/../system":                  "'/machine/../system' has the part '..'",
		"/machine/./a":                        "'/machine/./a' has the part '.'",
		"/machine//a":                         "'/machine//a' has an empty part",
		"/machine/":                           "'/machine/' has an empty part",
		"/machine/a&#10;b":                    "has control characters",
		"/" + strings.Repeat("a", 250):        "the name of its slice has 256 bytes; systemd's limit is 255",
		"/machine/" + strings.Repeat("-", 61): "the name of its slice has",
		strings.Repeat("/a", 60):              "its control group has a path of",
	} {
		g := guest{Name: "web", Root: "/", Init: "/bin/true", More: partition(p)}
		r := try(t, "berthctl", "define", g.file(t))
		if r.Status == 0 || !strings.Contains(r.Err, "domain/resource/partition") || !strings.Contains(r.Err, want) {
			t.Errorf("%.60q: %d, %q, want %q", p, r.Status, r.Err, want)
		}
	}
	if list, err := filepath.Glob("/etc/berth/containers/*.xml"); err != nil || len(list) > 0 {
		t.Errorf("stored: %q, %v", list, err)
	}
}

//go:build nest

package nest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestImageLinksOfEveryShape: a link of an image that leads to a directory within the root is followed
// there, and any other in the place of a mount or its source is refused by its name.
func TestImageLinksOfEveryShape(t *testing.T) {
	clean(t)
	dir, look := bystander(t)
	before := look()
	const ram, inner = "<filesystem type='ram'><source usage='64'/><target dir='TARGET'/></filesystem>", "<filesystem type='bind'><source dir='TARGET'/><target dir='/mnt'/></filesystem>"
	const host = "<filesystem><source dir='/etc'/><target dir='TARGET'/></filesystem>"
	for place, c := range map[string]struct{ link, devs string }{
		"proc":                     {"proc", ""},
		"sys":                      {"sys", ""},
		"dev":                      {"dev", ""},
		"run":                      {"run", ""},
		"target itself":            {"data", strings.ReplaceAll(host, "TARGET", "/data")},
		"above a target":           {"data", strings.ReplaceAll(host, "TARGET", "/data/deep/er")},
		"target of a ram":          {"data", strings.ReplaceAll(ram, "TARGET", "/data")},
		"source of an inner mount": {"data", strings.ReplaceAll(inner, "TARGET", "/data")},
	} {
		for shape, to := range map[string]struct {
			link   string
			inside bool // there is such a directory in the root, too
		}{
			"absolute and inside":  {dir, true},
			"climbing and inside":  {"../../../../../../../../../../.." + dir, true},
			"magic root of init":   {"/proc/1/" + "root/../.." + dir, false},
			"magic directory":      {"/proc/self/cwd", false},
			"magic descriptor":     {"/proc/self/fd/5", false},
			"a mount, relatively":  {"./dev/../proc/self/ns/../root" + dir, false},
			"the file of a device": {"/dev/null", false},
		} {
			t.Run(place+"/"+shape, func(t *testing.T) {
				g := guest{Name: "web", Root: busybox(t), Devs: c.devs}
				g = fixedInit(t, g, "stat -f -c %t /proc /sys /dev; echo THE END; exec sleep 100000")
				replace(t, to.link, filepath.Join(g.Root, c.link))
				if to.inside {
					if err := os.MkdirAll(filepath.Join(g.Root, dir), 0o755); err != nil {
						t.Fatal(err)
					}
				}
				r := try(t, "berthctl", "create", g.file(t))
				t.Cleanup(func() { try(t, "berthctl", "destroy", "web") })
				switch {
				case r.Status == 0:
					if got := says(t, "web", "THE END"); !strings.Contains(got, "9fa0\n62656572\n1021994\nTHE END") {
						t.Errorf("its /proc, /sys and /dev are not what they must be:\n%s", got)
					}
				case to.inside:
					t.Errorf("it does not start: %+v", r)
				case !strings.Contains(r.Err, "/"+c.link) || strings.Contains(r.Err, "\n"):
					t.Errorf("the reason does not name /%s: %+v", c.link, r)
				}
				if after := look(); after != before {
					t.Fatalf("the host's directory was\n%s\nand is\n%s", before, after)
				}
			})
		}
	}
}

// fixedInit is a guest whose init is a script, in the root that it has.
func fixedInit(t *testing.T, g guest, text string) guest {
	t.Helper()
	if err := os.WriteFile(filepath.Join(g.Root, "init"), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	g.Init = "/init"
	return g
}

// TestMountTargetIsSwapped: no mount leaves the root while somebody swaps its target between a directory and
// a link (CVE-2021-30465).
func TestMountTargetIsSwapped(t *testing.T) {
	clean(t)
	dir, look := bystander(t)
	if err := os.Remove(filepath.Join(dir, "deep")); err != nil { // else it could not be made there
		t.Fatal(err)
	}
	before := look()
	g := guest{Name: "web", Root: busybox(t)}
	g.Devs = "<filesystem><source dir='/etc'/><target dir='/data/deep/er'/></filesystem><filesystem type='ram'><source usage='64'/><target dir='/data/ram'/></filesystem>"
	g = fixedInit(t, g, "exec sleep 100000")
	data, link := filepath.Join(g.Root, "data"), filepath.Join(g.Root, "link")
	if err := os.Mkdir(data, 0o755); err != nil {
		t.Fatal(err)
	}
	replace(t, "../../../../../../../.."+dir, link)
	stop, done := make(chan struct{}), make(chan error)
	go func() {
		for {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			if err := unix.Renameat2(unix.AT_FDCWD, data, unix.AT_FDCWD, link, unix.RENAME_EXCHANGE); err != nil {
				<-stop
				done <- fmt.Errorf("swap: %w", err)
				return
			}
		}
	}()
	g.define(t)
	var started int
	for range 30 {
		if r := try(t, "berthctl", "start", "web"); r.Status == 0 {
			started++
			leader := int(info(t, "web").Leader)
			for _, m := range mounts(t, leader) {
				if strings.HasPrefix(m, dir) {
					t.Errorf("%s is mounted", m)
				}
			}
			run(t, "berthctl", "destroy", "web")
		}
	}
	close(stop)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if started == 0 || started == 30 { // about half of them do
		t.Errorf("%d of 30 starts found a directory: the other shape was never met", started)
	}
	if after := look(); after != before {
		t.Errorf("the host's directory was\n%s\nand is\n%s", before, after)
	}
}

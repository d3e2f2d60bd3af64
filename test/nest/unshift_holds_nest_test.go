//go:build nest

package nest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// standing begins an unshift of a tree whose file system stands still in the middle of it. end lets it go on to its end, and
// checks that.
func standing(t *testing.T, root string) (at string, end func()) {
	t.Helper()
	manyFiles(t, root, 3000)
	shiftBy(t, root, 100000, 100000)
	at = t.TempDir()
	file := image(t, root)
	run(t, "mke2fs", "-F", "-q", "-t", "ext4", "-E", "root_owner=100000:100000", "-d", root, file)
	run(t, "mount", "-o", "loop", file, at)
	t.Cleanup(func() { run(t, "umount", at); unlooped(t) })
	cmd := exec.Command("berthctl", "unshift", "--path", at, "--from", "100000")
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	belongs(t, filepath.Join(at, "bin"), 0)
	run(t, "fsfreeze", "--freeze", at)
	frozen := true
	thaw := func() {
		if frozen {
			frozen = false
			run(t, "fsfreeze", "--unfreeze", at)
		}
	}
	t.Cleanup(thaw) // before the umount
	if shiftedFiles(t, at) == 0 {
		t.Fatal("it was too fast")
	}
	return at, func() {
		t.Helper()
		thaw()
		if err := cmd.Wait(); err != nil || shiftedFiles(t, at) > 0 {
			t.Errorf("in the end: %v, %s", err, said.String())
		}
	}
}

// TestUnshiftHolds: while a tree is taken back, here one whose file system stands still in the middle, no container starts with it, or with
// a directory above or below, or gets it as a device, and no second unshift of it begins; others are taken back meanwhile, and dry runs go.
func TestUnshiftHolds(t *testing.T) {
	clean(t)
	g := script(t, "web", "exec sleep 1000")
	at, end := standing(t, g.Root)
	g.Root = at
	g.define(t)
	for name, args := range map[string][]string{
		"the root":      {"start", "web"},
		"a second one":  {"unshift", "web", "--from", "100000"},
		"a part of it":  {"unshift", "--path", filepath.Join(at, "srv"), "--from", "100000"},
		"what is above": {"unshift", "--path", filepath.Dir(at), "--from", "100000"},
	} {
		if r := try(t, "berthctl", args...); r.Status != 1 || !strings.Contains(r.Err, "is being taken back") {
			t.Errorf("%s: %+v", name, r)
		}
	}
	other := sleeper(t, "other")
	other.start(t)
	if r := try(t, "berthctl", "attach-device", "other", xmlFile(t, fsXML("mount", "dir='"+filepath.Join(at, "srv")+"'", "/mnt", "")), "--live"); r.Status != 1 || !strings.Contains(r.Err, "is being taken back") {
		t.Errorf("attached: %+v", r)
	}
	run(t, "berthctl", "destroy", "other")
	manyFiles(t, other.Root, 10)
	shiftBy(t, other.Root, 100000, 100000)
	if out := run(t, "berthctl", "unshift", "other", "--from", "100000"); !strings.Contains(out, "got plain owners") {
		t.Errorf("another tree: %s", out)
	}
	run(t, "berthctl", "start", "other")
	for _, args := range [][]string{{"web"}, {"--path", at}, {"other"}} {
		run(t, "berthctl", append([]string{"unshift", "--dry-run", "--from", "100000"}, args...)...)
	}
	run(t, "berthctl", "destroy", "other")
	end()
	run(t, "berthctl", "start", "web")
	if r := try(t, "berthctl", "unshift", "--path", filepath.Join(at, "srv"), "--from", "100000"); r.Status != 1 || !strings.Contains(r.Err, "another running container uses") {
		t.Errorf("a part of the root of one that runs: %+v", r)
	}
	run(t, "berthctl", "destroy", "web")
}

// TestUnshiftOfOthers: a directory that a container of systemd-nspawn has as its root is not taken back while that runs.
func TestUnshiftOfOthers(t *testing.T) {
	clean(t)
	root := busybox(t)
	if err := os.Mkdir(filepath.Join(root, "usr"), 0o755); err != nil { // systemd-nspawn wants one
		t.Fatal(err)
	}
	startNspawn(t, root, "theirs")
	for _, path := range []string{root, filepath.Join(root, "bin"), filepath.Dir(root)} {
		if r := try(t, "berthctl", "unshift", "--path", path, "--from", "100000"); r.Status != 1 || !strings.Contains(r.Err, "machine theirs of systemd-nspawn runs with "+root) {
			t.Errorf("%s: %+v", path, r)
		}
	}
	run(t, "machinectl", "terminate", "theirs")
	eventually(t, func() error { // machined forgets it a moment later
		if r := try(t, "berthctl", "unshift", "--path", root, "--from", "100000"); r.Status != 0 {
			return errors.New(r.Err)
		}
		return nil
	})
}

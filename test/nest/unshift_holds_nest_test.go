//go:build nest

package nest

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// standing begins an unshift of a tree whose file system stands still in the middle of it. end lets it go on to its
// end, and checks that.
func standing(t *testing.T, root string) (at string, end func()) {
	t.Helper()
	manyFiles(t, root, 3000)
	shiftBy(t, root, 100000, 100000)
	at = t.TempDir()
	file := image(t, root)
	run(t, "mke2fs", "-F", "-q", "-t", "ext4", "-E", "root_owner=100000:100000", "-d", root, file)
	run(t, "mount", "-o", "loop", file, at)
	t.Cleanup(func() { unmount(t, at); unlooped(t) })
	var cmd *exec.Cmd
	var said strings.Builder
	frozen := false
	thaw := func() {
		if frozen {
			frozen = false
			run(t, "fsfreeze", "--unfreeze", at)
		}
	}
	t.Cleanup(thaw) // before the umount
	for attempt := 0; ; attempt++ {
		cmd = exec.Command("berthctl", "unshift", "--path", at, "--from", "100000")
		cmd.Stdout, cmd.Stderr = &said, &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		belongs(t, filepath.Join(at, "bin"), 0)
		run(t, "fsfreeze", "--freeze", at)
		if frozen = true; shiftedFiles(t, at) > 0 {
			break
		}
		thaw()
		if err := cmd.Wait(); err != nil || attempt == 20 {
			t.Fatalf("it was too fast each time, or has failed: %v, %s", err, said.String())
		}
		shiftBy(t, at, 100000, 100000)
	}
	return at, func() {
		t.Helper()
		thaw()
		if err := cmd.Wait(); err != nil || shiftedFiles(t, at) > 0 {
			t.Errorf("in the end: %v, %s", err, said.String())
		}
	}
}

// TestUnshiftHolds: while a tree is taken back, here one whose file system stands still in the middle, no container
// starts with it, or with a directory above or below, or gets it as a device, and no second unshift of it begins;
// others are taken back meanwhile, and dry runs go.
func TestUnshiftHolds(t *testing.T) {
	clean(t)
	g := script(t, "web", "exec sleep 1000")
	at, end := standing(t, g.Root)
	g.Root = at
	g.define(t)
	for name, args := range map[string][]string{
		"the root":      {"start", "web"},
		"a second one":  {"unshift", "web", "--from", "100000"},
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

// TestUnshiftOfOthers: a directory that a container of systemd-nspawn has as its root is not taken back while that
// runs.
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

// TestUnshiftOfAny: a directory is not taken back while any process of the host has it as its root directory, or a part
// of it, or has it mounted: a container of a manager that registers nothing, or a chroot. The error names the process.
// A service whose mount namespace is a copy of the host's is no such process.
func TestUnshiftOfAny(t *testing.T) {
	const sleep = "echo ready; exec sleep 100000"
	for name, tc := range map[string]struct{ script, says string }{
		"a chroot":           {"exec chroot $R /bin/sh -c '" + sleep + "'", "directory"},
		"a container":        {"mount --bind $R $R; cd $R; mkdir old; pivot_root . old; cd /; umount -l /old; exec /bin/sh -c '" + sleep + "'", "directory"},
		"a volume":           {"mount --bind $R/bin /mnt; " + sleep, `it, or a part of it, mounted at "/mnt"`},
		"a copy of mounts":   {sleep, ""},
		"itself over itself": {"mount --bind $R $R; mount -o remount,bind,ro $R; " + sleep, ""},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			root := busybox(t)
			cmd := exec.Command("unshare", "--mount", "--propagation", "private", "sh", "-ec", tc.script)
			cmd.Env = append(os.Environ(), "R="+root)
			cmd.Stderr = os.Stderr
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			end := sync.OnceFunc(func() {
				_ = cmd.Process.Kill()
				_ = cmd.Wait()
			})
			t.Cleanup(end)
			if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
				t.Fatalf("%q, %v", line, err)
			}
			for _, path := range []string{root, filepath.Join(root, "bin"), filepath.Dir(root)} {
				r := try(t, "berthctl", "unshift", "--path", path, "--from", "100000")
				process := fmt.Sprintf("process %d (", cmd.Process.Pid)
				if tc.says == "" && r.Status != 0 || tc.says != "" && (r.Status != 1 || !strings.Contains(r.Err, process) || !strings.Contains(r.Err, tc.says)) {
					t.Errorf("%s: %+v", path, r)
				}
				run(t, "berthctl", "unshift", "--path", path, "--from", "100000", "--dry-run")
			}
			end()
			run(t, "berthctl", "unshift", "--path", root, "--from", "100000")
		})
	}
}

//go:build nest

package relabel

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// mounted mounts something for the test.
func mounted(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("mount", args...).CombinedOutput(); err != nil {
		t.Fatalf("mount %v: %v: %s", args, err, out)
	}
	t.Cleanup(func() {
		// systemd looks at each new mount, and so may have it open. What we have open stays so.
		target := args[len(args)-1]
		err := unix.Unmount(target, 0)
		for end := time.Now().Add(time.Minute); errors.Is(err, unix.EBUSY) && time.Now().Before(end); err = unix.Unmount(target, 0) {
			time.Sleep(10 * time.Millisecond)
		}
		if err != nil {
			t.Errorf("unmount %s: %v", target, err)
		}
	})
}

// TestOtherMounts: nothing that is mounted in a tree is relabelled, not even another part of the same file system,
// unless it is named as a tree of its own.
func TestOtherMounts(t *testing.T) {
	r := relabeler(t)
	dir := t.TempDir()
	in := func(names ...string) string { return filepath.Join(append([]string{dir}, names...)...) }
	for _, name := range []string{"tree/bind", "tree/tmp", "elsewhere"} {
		must(t, os.MkdirAll(in(name), 0o755))
	}
	for _, name := range []string{"tree/file", "elsewhere/file", "tree/secret"} {
		must(t, os.WriteFile(in(name), nil, 0o600))
	}
	mounted(t, "--bind", in("elsewhere"), in("tree/bind"))
	mounted(t, "--bind", in("elsewhere/file"), in("tree/secret"))
	mounted(t, "-t", "tmpfs", "tmpfs", in("tree/tmp"))
	must(t, os.WriteFile(in("tree/tmp/file"), nil, 0o600))
	before := labels(t, dir)
	relabel(t, r, Tree{Path: in("tree"), Label: ours})
	want := map[string]string{
		"": "", "/tree": ours + "\x00", "/tree/file": ours + "\x00", "/tree/bind": "", "/tree/bind/file": "", "/tree/secret": "",
		"/tree/tmp": "", "/tree/tmp/file": "", "/elsewhere": "", "/elsewhere/file": "",
	}
	if diff := cmp.Diff(want, labels(t, dir)); diff != "" {
		t.Error(diff)
	}
	restore(t, r)
	same(t, before, labels(t, dir))
	relabel(t, r, Tree{Path: in("tree"), Label: ours}, Tree{Path: in("tree/tmp"), Label: ours})
	if got := labelOf(t, in("tree/tmp/file")); bare(got) != ours {
		t.Errorf("a tree of its own has the label %q", got)
	}
	restore(t, r)
	same(t, before, labels(t, dir))
}

// TestReadOnlyTree: a tree on a read-only mount is told of, and is no error.
func TestReadOnlyTree(t *testing.T) {
	r := relabeler(t)
	dir := makeTree(t, 1, 20)
	setLabel(t, dir, "its own")
	mounted(t, "--bind", dir, dir)
	if out, err := exec.Command("mount", "-o", "remount,bind,ro", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	before := labels(t, dir)
	if out := relabel(t, r, Tree{Path: dir, Label: ours}); len(out.Unlabelled) != 1 || out.Changed != 0 {
		t.Errorf("outcome %+v", out)
	}
	restore(t, r)
	same(t, before, labels(t, dir))
}

// TestFullDisk: on a full disk the error says so, and all files have their own labels.
func TestFullDisk(t *testing.T) {
	dir := makeTree(t, 2, 3000)
	before := labels(t, dir)
	small := t.TempDir()
	mounted(t, "-t", "tmpfs", "-o", "size=16k", "tmpfs", small)
	r, err := New(small, attribute(), NewLooks())
	must(t, err)
	defer r.Close()
	r.batch = 100
	_, err = r.Relabel(t.Context(), "web", []Tree{{Path: dir, Label: ours}}, nil, nil)
	if err == nil || !strings.Contains(err.Error(), "save the labels of files: ") || !strings.Contains(err.Error(), "no space left on device") {
		t.Errorf("%v", err)
	}
	same(t, before, labels(t, dir))
}

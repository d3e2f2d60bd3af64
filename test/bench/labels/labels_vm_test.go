//go:build vm

package labels

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/relabel"
	"github.com/berthd/berth/test/rig"
)

func TestMain(m *testing.M) {
	child, err := Child(context.Background(), os.Stdout)
	if !child {
		os.Exit(rig.Main(m, rig.Options{VM: true, Install: true}))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// place is a new directory that the policy has a label for.
func place(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/srv", "labels-") //nolint:usetesting // the policy has no label for t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// all reads the SELinux labels of all files of a tree.
func all(t *testing.T, dir string) map[string]string {
	t.Helper()
	labels := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		value := make([]byte, 256)
		n, err := unix.Lgetxattr(path, relabel.SELinux, value)
		labels[path] = string(value[:max(n, 0)])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return labels
}

func run(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v: %s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// TestRealLabels: where SELinux enforces, every file of a tree gets a label with categories, a file that is made
// meanwhile gets that of its directory at the restore, and all others exactly their own. A label that the policy does
// not know is an error, and changes nothing.
func TestRealLabels(t *testing.T) {
	if got := run(t, "getenforce"); got != "Enforcing" {
		t.Fatalf("SELinux is %s", got)
	}
	dir := place(t)
	tree := filepath.Join(dir, "tree")
	if err := Tree(tree, 500); err != nil {
		t.Fatal(err)
	}
	run(t, "chcon", "-R", "-t", "bin_t", filepath.Join(tree, "directory1"))
	run(t, "chcon", "-h", "-t", "etc_t", filepath.Join(tree, "file8"))
	run(t, "chcon", "-t", "usr_t", "-l", "s0:c7", filepath.Join(tree, "file2"))
	before := all(t, tree)
	r, err := relabel.New(filepath.Join(dir, "journals"), relabel.SELinux, relabel.NewLooks())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	const label = "system_u:object_r:virt_content_t:s0:c12,c99"
	list := []relabel.Tree{{Path: tree, Label: "system_u:object_r:no_such_t:s0"}}
	if _, err := r.Relabel(t.Context(), "web", list, nil, nil); err == nil {
		t.Error("a label that the policy does not know was taken")
	}
	if diff := cmp.Diff(before, all(t, tree)); diff != "" {
		t.Errorf("after a label that the policy does not know:\n%s", diff)
	}
	list[0].Label = label
	if _, err := r.Relabel(t.Context(), "web", list, nil, nil); err != nil {
		t.Fatal(err)
	}
	for path, got := range all(t, tree) {
		if got != label+"\x00" {
			t.Errorf("%s has the label %q", path, got)
		}
	}
	for _, name := range []string{"new", "directory1/new"} {
		run(t, "touch", filepath.Join(tree, name))
		run(t, "chcon", label, filepath.Join(tree, name))
	}
	if _, err := r.Restore(t.Context(), "web", nil); err != nil {
		t.Fatal(err)
	}
	before[tree+"/new"], before[tree+"/directory1/new"] = before[tree], before[tree+"/directory1"]
	if diff := cmp.Diff(before, all(t, tree)); diff != "" {
		t.Errorf("after the restore:\n%s", diff)
	}
}

// TestNotSlower: a tree of 10,000 files is relabelled in no more time than restorecon needs, and restored too.
func TestNotSlower(t *testing.T) {
	o := Options{
		Dir: place(t), Files: 10_000, Rounds: 5, Restore: true,
		Labels: []string{"system_u:object_r:virt_content_t:s0:c1,c2", "system_u:object_r:virt_content_t:s0:c3,c4"},
	}
	ways, err := Measure(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	var table bytes.Buffer
	if err := Print(&table, o, ways); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + table.String())
	restorecon := Median(ways[3].Wall)
	for _, w := range ways[:2] {
		if Median(w.Wall) > restorecon {
			t.Errorf("%s takes %v, restorecon %v", w.Name, Median(w.Wall), restorecon)
		}
	}
}

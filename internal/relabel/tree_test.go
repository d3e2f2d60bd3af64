package relabel

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// attribute is one that every kernel keeps, in the place of SELinux's. Without root only files and directories have it.
func attribute() string {
	if os.Geteuid() == 0 {
		return "trusted.berth_test"
	}
	return "user.berth_test"
}

const ours = "system_u:object_r:container_file_t:s0:c17,c42"

// relabeler returns a Relabeler with its journals in a directory of the test.
func relabeler(t testing.TB) *Relabeler {
	t.Helper()
	r, err := New(filepath.Join(t.TempDir(), "journals"), attribute(), NewLooks())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// tree makes a tree of directories, files, links, pipes and hard links with various labels, some of them without any.
// The same seed makes the same tree.
func makeTree(t testing.TB, seed uint64, files int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "tree")
	random := rand.New(rand.NewPCG(seed, 0))
	dirs := []string{dir}
	must(t, os.Mkdir(dir, 0o755))
	var regular []string
	for n := range files {
		in := dirs[random.IntN(len(dirs))]
		path := filepath.Join(in, fmt.Sprintf("%d name\n%%", n))
		switch kind := random.IntN(20); {
		case kind < 4:
			must(t, os.Mkdir(path, 0o755))
			dirs = append(dirs, path)
		case kind < 5 && os.Geteuid() == 0:
			must(t, os.Symlink([]string{"/etc", "..", "nowhere"}[n%3], path))
		case kind < 6 && os.Geteuid() == 0:
			must(t, unix.Mkfifo(path, 0o600))
		case kind < 7 && len(regular) > 0:
			must(t, os.Link(regular[random.IntN(len(regular))], path))
			continue
		default:
			must(t, os.WriteFile(path, nil, 0o600))
			regular = append(regular, path)
		}
		if n := random.IntN(8); n > 0 {
			setLabel(t, path, fmt.Sprintf("system_u:object_r:type%d_t:s0\x00", n))
		}
	}
	return dir
}

func setLabel(t testing.TB, path, label string) {
	t.Helper()
	must(t, unix.Lsetxattr(path, attribute(), []byte(label), 0))
}

func labelOf(t testing.TB, path string) string {
	t.Helper()
	value := make([]byte, longest)
	n, err := unix.Lgetxattr(path, attribute(), value)
	if errors.Is(err, unix.ENODATA) {
		return ""
	}
	must(t, err)
	return string(value[:n])
}

// labels reads the labels of all files of a tree, by another way than the Relabeler.
func labels(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	must(t, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err == nil {
			all[strings.TrimPrefix(path, dir)] = labelOf(t, path)
		}
		return err
	}))
	return all
}

// wantAll fails the test unless each file has one label.
func wantAll(t testing.TB, dir, label string) {
	t.Helper()
	for path, got := range labels(t, dir) {
		if bare(got) != label {
			t.Errorf("%q has the label %q", path, got)
		}
	}
}

func same(t testing.TB, before, after map[string]string) {
	t.Helper()
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("labels before and after:\n%s", diff)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func relabel(t testing.TB, r *Relabeler, trees ...Tree) Outcome {
	t.Helper()
	out, err := r.Relabel(context.Background(), "web", trees, nil, nil)
	must(t, err)
	return out
}

func restore(t testing.TB, r *Relabeler) Outcome {
	t.Helper()
	out, err := r.Restore(context.Background(), "web", nil)
	must(t, err)
	if pending, err := r.Pending(); err != nil || len(pending) > 0 {
		t.Errorf("after the restore %q are pending: %v", pending, err)
	}
	return out
}

//go:build nest

package relabel

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/shift"
)

// markOf is the mark of a directory, "" for none.
func markOf(t testing.TB, dir string) string {
	t.Helper()
	b := make([]byte, 1024)
	n, err := unix.Lgetxattr(dir, shift.MarkName, b)
	if errors.Is(err, unix.ENODATA) {
		return ""
	}
	must(t, err)
	return string(b[:n])
}

// TestMarkKilled: a tree whose unshift is killed at any moment, after however many files, has a mark on its top if a
// file is done and another is not, also if the top is somebody else's. The next unshift needs not be told by what, and
// ends it.
func TestMarkKilled(t *testing.T) {
	r := relabeler(t)
	between := 0
	for _, top := range []int{testBase, 0, 1000, 300000} {
		for _, end := range []int{0, 1, 2, 3, 5, 8, 13, 50, 200, 390} {
			dir := makeTree(t, 32, 400)
			own(t, 33, dir, testBase)
			must(t, os.Lchown(dir, top, top))
			before := tell(t, dir)
			cmd := childCommand(t, "unshift", r, dir)
			cmd.Env = append(cmd.Env, fmt.Sprint(childEnd, "=", end))
			_ = cmd.Run()
			shifted, changed := 0, 0
			for name, f := range tell(t, dir) {
				if f.uid >= testBase && name != "" {
					shifted++
				}
				f.mark = ""
				if f != before[name] {
					changed++
				}
			}
			mark := markOf(t, dir)
			if changed > 0 && shifted > 0 {
				between++
			}
			if changed > 0 && shifted > 0 && mark != string(shift.From(testBase).Mark()) {
				t.Errorf("top %d, killed at %d: %d changed, %d shifted, and the mark is %x", top, end, changed, shifted, mark)
			}
			if mark == "" {
				continue
			}
			out := unshift(t, r, Unshift{Path: dir})
			for name, f := range tell(t, dir) {
				if f.uid >= testBase && name != "" || f.mark != "" {
					t.Errorf("top %d, killed at %d: in the end %q is %+v", top, end, name, f)
				}
			}
			if out.Base != testBase || markOf(t, dir) != "" {
				t.Errorf("top %d, killed at %d: %+v", top, end, out)
			}
		}
	}
	if between < 10 {
		t.Errorf("only %d kills came in the middle", between)
	}
}

// TestMarkDecides: the map of a mark is taken for the container's own, and a caller who names another one is refused,
// with nothing changed. A dry run looks by it, and leaves it.
func TestMarkDecides(t *testing.T) {
	r := relabeler(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	must(t, os.WriteFile(file, nil, 0o600))
	must(t, os.Lchown(file, 300033, 300033))
	must(t, unix.Setxattr(dir, shift.MarkName, shift.From(300000).Mark(), 0))
	refused := func(o Unshift, says string) {
		t.Helper()
		_, err := r.Unshift(t.Context(), o, nil, nil)
		if e, ok := errors.AsType[*RefusedError](err); !ok || !strings.Contains(e.Reason, says) {
			t.Errorf("%+v: %v", o, err)
		}
		if f := tell(t, dir)["/file"]; f.uid != 300033 || markOf(t, dir) != string(shift.From(300000).Mark()) {
			t.Errorf("%+v: it is %+v", o, f)
		}
	}
	refused(Unshift{Path: dir, Map: shift.From(testBase)}, "by other ids, which begin at 300000, was interrupted")
	refused(Unshift{Path: dir, Map: shift.From(testBase), DryRun: true}, "by other ids, which begin at 300000")
	if out := unshift(t, r, Unshift{Path: dir, Default: shift.From(testBase), DryRun: true}); out.Changed != 1 || out.Base != 300000 || markOf(t, dir) == "" {
		t.Errorf("dry: %+v", out)
	}
	if out := unshift(t, r, Unshift{Path: dir, Default: shift.From(testBase)}); out.Changed != 1 || out.Base != 300000 || markOf(t, dir) != "" {
		t.Errorf("%+v", out)
	}
	must(t, unix.Setxattr(dir, shift.MarkName, []byte("later"), 0))
	if _, err := r.Unshift(t.Context(), Unshift{Path: dir, Map: shift.From(testBase)}, nil, nil); err == nil || !strings.Contains(err.Error(), "setfattr -x "+shift.MarkName) {
		t.Errorf("a mark of others: %v", err)
	}
}

// TestMarkBelow: the mark of a directory below the top is that directory's: an unshift above leaves it, and does what
// it has to do there all the same.
func TestMarkBelow(t *testing.T) {
	r := relabeler(t)
	dir := t.TempDir()
	below := filepath.Join(dir, "usr")
	must(t, os.Mkdir(below, 0o755))
	must(t, os.Lchown(below, testBase, testBase))
	must(t, unix.Setxattr(below, shift.MarkName, shift.From(300000).Mark(), 0))
	before := markOf(t, below)
	unshift(t, r, Unshift{Path: dir, Map: shift.From(testBase)})
	if f := tell(t, dir)["/usr"]; f.uid != 0 || markOf(t, below) != before || markOf(t, dir) != "" {
		t.Errorf("%+v", f)
	}
}

// TestMarkMissing: where a mark cannot be kept, nothing is changed, and the error says what to do.
func TestMarkMissing(t *testing.T) {
	r := relabeler(t)
	dir := t.TempDir()
	mounted(t, "-t", "ramfs", "ramfs", dir) // the one that is in every kernel and keeps no attributes
	must(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
	must(t, os.Lchown(filepath.Join(dir, "file"), testBase, testBase))
	_, err := r.Unshift(t.Context(), Unshift{Path: dir, Map: shift.From(testBase)}, nil, nil)
	if refused, ok := errors.AsType[*RefusedError](err); !ok || !strings.Contains(refused.Reason, "no place for the attribute "+shift.MarkName) {
		t.Errorf("%v", err)
	}
	if f := tell(t, dir)["/file"]; f.uid != testBase {
		t.Errorf("%+v", f)
	}
}

// TestMarkNothingDone: an unshift that fails before its first change leaves no mark, and one that was refused neither.
func TestMarkNothingDone(t *testing.T) {
	r := relabeler(t)
	dir := makeTree(t, 34, 50)
	own(t, 35, dir, testBase)
	before := tell(t, dir)
	for name, o := range map[string]Unshift{
		"not reversible": {Path: dir, Map: shift.From(1000)}, "no id": {Path: dir, Map: shift.From(1<<32 - 1)}, "no map": {Path: dir},
		"dry": {Path: dir, Map: shift.From(testBase), DryRun: true},
	} {
		if _, err := r.Unshift(t.Context(), o, nil, nil); (err == nil) != o.DryRun {
			t.Errorf("%s: %v", name, err)
		}
	}
	if diff := cmp.Diff(before, tell(t, dir), cmp.AllowUnexported(told{})); diff != "" || markOf(t, dir) != "" {
		t.Errorf("%x, %s", markOf(t, dir), diff)
	}
}

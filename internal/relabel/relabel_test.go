package relabel

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

// TestExact: every file of a tree gets the label, and gets back exactly the label that it had, or none.
func TestExact(t *testing.T) {
	t.Parallel()
	for seed, batch := range map[uint64]int{1: 20, 2: 150, 3: 1024} {
		r := relabeler(t)
		r.batch = batch
		dir := makeTree(t, seed, 600)
		before := labels(t, dir)
		out := relabel(t, r, Tree{Path: dir, Label: ours})
		wantAll(t, dir, ours)
		if out.Changed != out.Files || out.Changed < 500 {
			t.Errorf("outcome %+v of 601 files", out)
		}
		back := restore(t, r)
		same(t, before, labels(t, dir))
		if back.Changed != out.Changed {
			t.Errorf("%d files were relabelled, %d restored", out.Changed, back.Changed)
		}
	}
}

// TestFits: a file that has the label already is not changed, and still has it after the restore.
func TestFits(t *testing.T) {
	t.Parallel()
	r := relabeler(t)
	dir := makeTree(t, 1, 100)
	fits := filepath.Join(dir, "fits")
	must(t, os.WriteFile(fits, nil, 0o600))
	setLabel(t, fits, ours) // without a NUL: it must stay so
	before := labels(t, dir)
	var st [2]unix.Stat_t
	must(t, unix.Stat(fits, &st[0]))
	out := relabel(t, r, Tree{Path: dir, Label: ours})
	must(t, unix.Stat(fits, &st[1]))
	if out.Changed != out.Files-1 || st[0].Ctim != st[1].Ctim {
		t.Errorf("outcome %+v, changed at %v and %v", out, st[0].Ctim, st[1].Ctim)
	}
	restore(t, r)
	same(t, before, labels(t, dir))
}

// TestChangedMeanwhile: after a run in which files were made, removed, renamed and relabelled, old files get their
// labels back, new ones have that of their directory, and one with another label keeps that.
func TestChangedMeanwhile(t *testing.T) {
	t.Parallel()
	r := relabeler(t)
	dir := filepath.Join(t.TempDir(), "tree")
	in := func(names ...string) string { return filepath.Join(append([]string{dir}, names...)...) }
	must(t, os.MkdirAll(in("etc", "sub"), 0o755))
	for _, name := range []string{"etc/moved", "etc/removed", "etc/replaced", "etc/other"} {
		must(t, os.WriteFile(in(name), nil, 0o600))
		setLabel(t, in(name), "of "+name)
	}
	setLabel(t, in("etc"), "of etc")
	setLabel(t, in("etc/sub"), "of sub")
	relabel(t, r, Tree{Path: dir, Label: ours})
	must(t, os.Rename(in("etc/moved"), in("here")))
	must(t, os.Rename(in("etc/sub"), in("etc/renamed")))
	must(t, os.Remove(in("etc/removed")))
	must(t, os.MkdirAll(in("etc/new/below"), 0o755))
	for _, name := range []string{"etc/new/file", "etc/new/below/file", "etc/renamed/file", "etc/replacement"} {
		must(t, os.WriteFile(in(name), nil, 0o600))
	}
	must(t, os.Rename(in("etc/replacement"), in("etc/replaced")))
	for path := range labels(t, dir) {
		setLabel(t, in(path), ours+"\x00")
	}
	setLabel(t, in("etc/other"), "another")
	restore(t, r)
	same(t, map[string]string{
		"": "", "/here": "of etc/moved", "/etc": "of etc", "/etc/renamed": "of sub", "/etc/renamed/file": "of sub",
		"/etc/new": "of etc", "/etc/new/file": "of etc", "/etc/new/below": "of etc", "/etc/new/below/file": "of etc",
		"/etc/replaced": "of etc", "/etc/other": "another",
	}, labels(t, dir))
}

// TestHardLinks: a file with several names is relabelled and restored once.
func TestHardLinks(t *testing.T) {
	t.Parallel()
	r := relabeler(t)
	r.batch = 2
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	must(t, os.WriteFile(file, nil, 0o600))
	setLabel(t, file, "its own")
	for n := range 30 {
		must(t, os.Link(file, filepath.Join(dir, fmt.Sprint("link", n))))
	}
	before := labels(t, dir)
	if out := relabel(t, r, Tree{Path: dir, Label: ours}); out.Changed != 2 {
		t.Errorf("outcome %+v of one file and its directory", out)
	}
	wantAll(t, dir, ours)
	restore(t, r)
	same(t, before, labels(t, dir))
}

// TestImages: an image and a tree that it is in have each their label, and the image its own one after the restore.
func TestImages(t *testing.T) {
	t.Parallel()
	r := relabeler(t)
	dir := makeTree(t, 3, 50)
	image := filepath.Join(dir, "disk.img")
	must(t, os.WriteFile(image, nil, 0o600))
	setLabel(t, image, "its own")
	before := labels(t, dir)
	relabel(t, r, Tree{Path: dir, Label: ours}, Tree{Path: image, Label: "image", Single: true})
	if got := bare(labelOf(t, image)); got != "image" {
		t.Errorf("the image has the label %q", got)
	}
	restore(t, r)
	same(t, before, labels(t, dir))
	for _, wrong := range []Tree{{Path: dir, Label: ours, Single: true}, {Path: "/dev/null", Label: ours}, {Path: dir + "/none", Label: ours}} {
		if _, err := r.Relabel(t.Context(), "web", []Tree{wrong}, nil, nil); err == nil {
			t.Errorf("%+v was relabelled", wrong)
		}
	}
	same(t, before, labels(t, dir))
}

// TestDeep: a tree that is deeper than the longest path is relabelled and restored to its bottom.
func TestDeep(t *testing.T) {
	t.Parallel()
	r := relabeler(t)
	dir := t.TempDir()
	at, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	must(t, err)
	const depth = 600
	name := strings.Repeat("d", 50)
	for range depth {
		must(t, unix.Mkdirat(at, name, 0o700))
		next, err := unix.Openat(at, name, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		must(t, err)
		unix.Close(at)
		at = next
	}
	defer unix.Close(at)
	bottom := func() string {
		value := make([]byte, 64)
		n, _ := r.access.Get(at, attribute(), value)
		return bare(string(value[:max(n, 0)]))
	}
	if out := relabel(t, r, Tree{Path: dir, Label: ours}); out.Changed != depth+1 || bottom() != ours {
		t.Errorf("outcome %+v, bottom %q", out, bottom())
	}
	restore(t, r)
	if got := bottom(); got != "" {
		t.Errorf("bottom after the restore: %q", got)
	}
	// A directory that is not held open is opened by its path, in pieces.
	long := strings.Repeat("/"+name, depth)[1:]
	root, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	must(t, err)
	defer unix.Close(root)
	fd, err := along(root, long, unix.O_RDONLY|unix.O_DIRECTORY)
	must(t, err)
	defer unix.Close(fd)
	if a, err := look(fd); err != nil {
		t.Error(err)
	} else if b, err := look(at); err != nil || a.identity != b.identity {
		t.Errorf("%+v and %+v: %v", a, b, err)
	}
}

// TestCancelled: a walk ends soon after it was cancelled, and all files have their own labels then.
func TestCancelled(t *testing.T) {
	t.Parallel()
	r := relabeler(t)
	r.batch = 50
	dir := makeTree(t, 4, 2000)
	before := labels(t, dir)
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("somebody wants that")
	var seen atomic.Uint64
	_, err := r.Relabel(ctx, "web", []Tree{{Path: dir, Label: ours}}, nil, func(p Progress) {
		if seen.Store(p.Files); p.Files > 200 {
			cancel(why)
		}
	})
	if !errors.Is(err, why) || seen.Load() > 600 {
		t.Errorf("%v after %d files", err, seen.Load())
	}
	same(t, before, labels(t, dir))
	if pending, err := r.Pending(); err != nil || len(pending) > 0 {
		t.Errorf("%q are pending: %v", pending, err)
	}
}

// TestAgain: a start after a run that was not restored first restores that one, so that its labels are never taken for
// the files' own.
func TestAgain(t *testing.T) {
	t.Parallel()
	r := relabeler(t)
	dir := makeTree(t, 5, 200)
	before := labels(t, dir)
	relabel(t, r, Tree{Path: dir, Label: "one pair"})
	relabel(t, r, Tree{Path: dir, Label: "another pair"})
	wantAll(t, dir, "another pair")
	restore(t, r)
	same(t, before, labels(t, dir))
}

// TestElsewhere: a restore touches nothing of another directory that is at the path by now, and keeps the journal until
// the tree is back.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	r := relabeler(t)
	dir := makeTree(t, 6, 100)
	before := labels(t, dir)
	relabel(t, r, Tree{Path: dir, Label: ours})
	must(t, os.Rename(dir, dir+".away"))
	if _, err := r.Restore(t.Context(), "web", nil); !errors.Is(err, ErrElsewhere) {
		t.Errorf("without a tree: %v", err)
	}
	must(t, os.Mkdir(dir, 0o755))
	setLabel(t, dir, ours)
	if _, err := r.Restore(t.Context(), "web", nil); !errors.Is(err, ErrElsewhere) || labelOf(t, dir) != ours {
		t.Errorf("with another tree: %v, label %q", err, labelOf(t, dir))
	}
	must(t, os.Remove(dir))
	must(t, os.Rename(dir+".away", dir))
	restore(t, r)
	same(t, before, labels(t, dir))
}

// TestKeptForm: a label of which the kernel keeps another form is an error, and the tree is as it was.
func TestKeptForm(t *testing.T) {
	t.Parallel()
	r := relabeler(t)
	dir := makeTree(t, 7, 20)
	before := labels(t, dir)
	// Here a NUL within the label plays the kernel's part.
	if _, err := r.Relabel(t.Context(), "web", []Tree{{Path: dir, Label: ours + "\x00"}}, nil, nil); err == nil {
		t.Error("no error")
	}
	same(t, before, labels(t, dir))
}

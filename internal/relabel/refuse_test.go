package relabel

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestRefused: directories of the host, what is in those that are wholly its own, and trees that share files with
// another running container are refused by whatever path, before anything is done.
func TestRefused(t *testing.T) {
	t.Parallel()
	r := relabeler(t)
	dir := t.TempDir()
	for _, name := range []string{"tree/below", "beside", "tree-2"} {
		must(t, os.MkdirAll(filepath.Join(dir, name), 0o755))
	}
	must(t, os.WriteFile(filepath.Join(dir, "tree", "image"), nil, 0o600))
	must(t, os.Symlink("/etc", filepath.Join(dir, "etc")))
	must(t, os.Symlink("tree", filepath.Join(dir, "alias")))
	in := func(name string) string { return filepath.Join(dir, name) }
	for _, c := range []struct {
		tree   Tree
		other  string
		reason string // "" if it is not refused
	}{
		{tree: Tree{Path: "/"}, reason: "/ belongs to the host"},
		{tree: Tree{Path: "/proc/self/root"}, reason: "/ belongs to the host"},
		{tree: Tree{Path: "/usr"}, reason: "the host's "},
		{tree: Tree{Path: "/usr/share"}, reason: "the host's /usr"},
		{tree: Tree{Path: "/bin"}, reason: "the host's "},
		{tree: Tree{Path: "/etc"}, reason: "the host's /etc"},
		{tree: Tree{Path: in("etc")}, reason: "the host's /etc"},
		{tree: Tree{Path: "/var"}, reason: "/var belongs to the host"},
		{tree: Tree{Path: "/var/lib/../lib/."}, reason: "/var/lib belongs to the host"},
		{tree: Tree{Path: "/home"}, reason: "/home belongs to the host"},
		{tree: Tree{Path: "/tmp"}, reason: "/tmp belongs to the host"},
		{tree: Tree{Path: "/proc/self/task"}, reason: "the host's /proc"},
		{tree: Tree{Path: "/etc/passwd", Single: true}, reason: "the host's /etc"},
		{tree: Tree{Path: in("tree")}, other: in("tree"), reason: "another running container uses"},
		{tree: Tree{Path: in("tree")}, other: in("alias"), reason: "another running container uses"},
		{tree: Tree{Path: in("tree")}, other: in("tree/below"), reason: "another running container uses"},
		{tree: Tree{Path: in("tree/below")}, other: in("alias"), reason: "another running container uses"},
		{tree: Tree{Path: in("tree/image"), Single: true}, other: in("tree"), reason: "another running container uses"},
		{tree: Tree{Path: in("tree/image"), Single: true}, other: in("tree/image"), reason: "another running container uses"},
		{tree: Tree{Path: in("tree")}, other: in("beside")},
		{tree: Tree{Path: in("tree")}, other: in("tree-2")},
		{tree: Tree{Path: in("tree")}, other: in("nowhere")},
		{tree: Tree{Path: in("tree")}, other: "/"},
		{tree: Tree{Path: in("tree/image"), Single: true}, other: in("tree/below")},
	} {
		c.tree.Label = ours
		var others []string
		if c.other != "" {
			others = append(others, c.other)
		}
		roots, err := r.openAll(t.Context(), []Tree{c.tree}, others)
		closeAll(roots)
		var refused *RefusedError
		switch {
		case c.reason == "" && err != nil:
			t.Errorf("%+v beside %q: %v", c.tree, c.other, err)
		case c.reason != "" && (!errors.As(err, &refused) || !strings.Contains(refused.Reason, c.reason)):
			t.Errorf("%+v beside %q: %v, and not %q", c.tree, c.other, err, c.reason)
		}
	}
	if _, err := r.Relabel(t.Context(), "web", []Tree{{Path: in("beside"), Label: ours}, {Path: "/usr", Label: ours}}, nil, nil); err == nil {
		t.Error("not refused")
	}
	if label := labelOf(t, in("beside")); label != "" {
		t.Errorf("the first of two trees has the label %q", label)
	}
}

// TestNoLabels: a tree in a file system without labels is told of, and is no error.
func TestNoLabels(t *testing.T) {
	t.Parallel()
	r := relabeler(t)
	one, err := openRoot(Tree{Path: "/proc/self/task", Label: ours})
	must(t, err)
	defer closeAll([]*root{one})
	if err := r.access.Set(one.fd, attribute(), []byte("x")); !errors.Is(err, unix.EOPNOTSUPP) {
		t.Fatalf("/proc keeps labels: %v", err)
	}
	out, err := r.apply(t.Context(), "web", []*root{one}, func(Progress) {})
	if err != nil || len(out.Unlabelled) != 1 || out.Files != 0 {
		t.Errorf("%+v: %v", out, err)
	}
	restore(t, r)
}

// TestUnheldLeaves: a look for processes that does not begin, since its caller has left, leaves no descriptor open. The
// test does not run beside others, since it counts them.
func TestUnheldLeaves(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // which would close them some day
	r := relabeler(t)
	top, err := openRoot(Tree{Path: t.TempDir()})
	must(t, err)
	defer closeAll([]*root{top})
	gone := errors.New("he has left")
	ctx, leave := context.WithCancelCause(t.Context())
	leave(gone)
	open := func() int {
		list, err := os.ReadDir("/proc/self/fd")
		must(t, err)
		return len(list)
	}
	before := open()
	for range 10 {
		if err := r.unheld(ctx, top); !errors.Is(err, gone) {
			t.Errorf("got %v", err)
		}
	}
	if after := open(); after != before {
		t.Errorf("%d descriptors are open, %d were", after, before)
	}
}

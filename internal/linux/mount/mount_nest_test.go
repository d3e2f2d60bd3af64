//go:build nest

package mount

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/test/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m, rig.Options{})) }

// apart runs f on a thread with a mount namespace of its own, which ends with it.
func apart(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if err := errors.Join(unix.Unshare(unix.CLONE_NEWNS), MakePrivate()); err != nil {
			t.Error(err)
			return
		}
		f()
	}()
	<-done
}

// at opens a directory or file by path.
func at(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := os.OpenFile(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Error(err)
		return nil
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// tmpfs attaches one to a new directory.
func tmpfs(t *testing.T, attr Attr, options ...Option) string {
	t.Helper()
	dir := t.TempDir()
	m, err := New("tmpfs", options, attr)
	if err != nil {
		t.Error(err)
		return dir
	}
	defer func() { _ = m.Close() }()
	if err := Attach(m, at(t, dir)); err != nil {
		t.Error(err)
	}
	return dir
}

// TestNew: the options and attributes of a new mount are those that the mount table shows.
func TestNew(t *testing.T) {
	apart(t, func() {
		dir := tmpfs(t, NoSUID|NoDev, Option{"mode", "0711"}, Option{"size", "1m"})
		var line string
		table, err := os.ReadFile("/proc/thread-self/mountinfo")
		for l := range strings.Lines(string(table)) {
			if strings.Contains(l, " "+dir+" ") {
				line = l
			}
		}
		if !strings.Contains(line, " rw,nosuid,nodev,") || !strings.Contains(line, " - tmpfs tmpfs rw,size=1024k,mode=711") || err != nil {
			t.Errorf("mountinfo says %q, %v", line, err)
		}
	})
}

// TestRefusals: a refused mount names what was wrong in the kernel's words, and a detach of nothing
// is no error.
func TestRefusals(t *testing.T) {
	apart(t, func() {
		_, noType := New("nonesuch", nil, 0)
		_, noOption := New("tmpfs", []Option{{"size", "1m"}, {"nonesuch", "1"}}, 0)
		_, badValue := New("tmpfs", []Option{{"size", "much"}}, 0)
		for name, tc := range map[string]struct {
			err   error
			errno error
			text  string
		}{
			"type":   {noType, unix.ENODEV, "fsopen nonesuch"},
			"option": {noOption, unix.EINVAL, "Unknown parameter 'nonesuch'"},
			"value":  {badValue, unix.EINVAL, "Bad value for 'size'"},
			"kind":   {Attach(must(t, "tmpfs"), at(t, "/etc/passwd")), unix.EINVAL, "move_mount tmpfs on /etc/passwd"},
		} {
			if !errors.Is(tc.err, tc.errno) || !strings.Contains(tc.err.Error(), tc.text) {
				t.Errorf("%s: %v, want %v with %q", name, tc.err, tc.errno, tc.text)
			}
		}
		for name, path := range map[string]string{"no mount point": t.TempDir(), "missing": "/nonesuch"} {
			if err := Detach(path); err != nil {
				t.Errorf("detach, %s: %v", name, err)
			}
		}
	})
}

func must(t *testing.T, fstype string) *os.File {
	t.Helper()
	m, err := New(fstype, nil, 0)
	if err != nil {
		t.Error(err)
	}
	return m
}

// TestClone: a copy of a tree has its own attributes, takes along what it is told to, and gives no
// mount back to where it was copied from.
func TestClone(t *testing.T) {
	apart(t, func() {
		from := tmpfs(t, 0)
		below := filepath.Join(from, "below")
		if err := errors.Join(os.Mkdir(below, 0o755), unix.Mount("below", below, "tmpfs", 0, ""),
			os.WriteFile(below+"/file", nil, 0o600), unix.Mount("", from, "", unix.MS_REC|unix.MS_SHARED, "")); err != nil {
			t.Error(err)
			return
		}
		for depth, want := range map[Depth]error{One: unix.ENOENT, Tree: nil} {
			tree, err := Clone(at(t, from), depth)
			if err != nil {
				t.Error(err)
				continue
			}
			to := t.TempDir()
			if err := errors.Join(SetAttr(tree, ReadOnly, depth), Attach(tree, at(t, to))); err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(to + "/below/file"); !errors.Is(err, want) {
				t.Errorf("depth %d: %v", depth, err)
			}
			if err := os.WriteFile(to+"/x", nil, 0o600); !errors.Is(err, unix.EROFS) {
				t.Errorf("depth %d: written to: %v", depth, err)
			}
			if err := errors.Join(os.MkdirAll(from+"/new", 0o755), unix.Mount("new", to+"/new", "tmpfs", 0, ""), os.WriteFile(to+"/new/secret", nil, 0o600)); err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(from + "/new/secret"); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("depth %d: a mount came back to where it was copied from: %v", depth, err)
			}
			_ = tree.Close()
		}
	})
}

// TestPivot: after a pivot the old root is gone, and nothing stays behind in the new one.
func TestPivot(t *testing.T) {
	apart(t, func() {
		root := t.TempDir()
		place := t.TempDir()
		if err := os.WriteFile(root+"/mark", nil, 0o600); err != nil {
			t.Error(err)
		}
		tree, err := Clone(at(t, root), Tree)
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = tree.Close() }()
		if err := errors.Join(unix.Unshare(unix.CLONE_FS), Pivot(tree, place)); err != nil {
			t.Error(err)
			return
		}
		entries, err := os.ReadDir("/")
		if len(entries) != 1 || entries[0].Name() != "mark" || err != nil {
			t.Errorf("the new root has %v, %v", entries, err)
		}
		if dir, err := os.Getwd(); dir != "/" {
			t.Errorf("working directory %q, %v", dir, err)
		}
	})
}

func newBare(t *testing.T) (ns *os.File) {
	t.Helper()
	var err error
	apart(t, func() { ns, err = Bare() })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ns.Close() })
	return ns
}

// TestBare: a copy of a bare namespace has one directory, which is empty and read-only, has no room if it is made
// writable, and has no mount of another copy.
func TestBare(t *testing.T) {
	bare := newBare(t)
	for range 2 {
		apart(t, func() {
			if err := errors.Join(unix.Unshare(unix.CLONE_FS), unix.Setns(int(bare.Fd()), unix.CLONE_NEWNS), unix.Unshare(unix.CLONE_NEWNS)); err != nil {
				t.Error(err)
				return
			}
			if top, err := os.ReadDir("/"); len(top) != 0 || err != nil {
				t.Errorf("it has %v, %v", top, err)
			}
			if err := os.Mkdir("/x", 0o755); !errors.Is(err, unix.EROFS) {
				t.Errorf("it is written to: %v", err)
			}
			if err := unix.Mount("", "/", "", unix.MS_REMOUNT|unix.MS_BIND, ""); err != nil {
				t.Error(err)
			}
			if err := os.Mkdir("/x", 0o755); !errors.Is(err, unix.ENOSPC) {
				t.Errorf("it has room: %v", err)
			}
			proc := must(t, "proc")
			if err := Attach(proc, at(t, "/")); err != nil {
				t.Error(err)
			}
			fd, err := unix.Openat(int(proc.Fd()), "thread-self/mountinfo", unix.O_RDONLY, 0)
			if err != nil {
				t.Error(err)
				return
			}
			table := os.NewFile(uintptr(fd), "mountinfo")
			defer func() { _ = table.Close() }()
			if text, err := io.ReadAll(table); strings.Count(string(text), "\n") != 2 || err != nil {
				t.Errorf("the mount table is, %v:\n%s", err, text)
			}
		})
	}
}

// TestShelve: trees that were shelved are there as they were, files and directories, and a path below one
// can be covered before.
func TestShelve(t *testing.T) {
	apart(t, func() {
		from, shelf := tmpfs(t, 0), t.TempDir()
		if err := errors.Join(os.MkdirAll(from+"/below/deep", 0o755), os.WriteFile(from+"/file", []byte("content"), 0o600),
			os.WriteFile(from+"/below/hidden", nil, 0o600), unix.Mount("below", from+"/below", "tmpfs", 0, ""), os.Mkdir(from+"/below/shown", 0o700)); err != nil {
			t.Error(err)
			return
		}
		var trees []*os.File
		for path, depth := range map[string]Depth{from: Tree, from + "/file": One} {
			tree, err := Clone(at(t, path), depth)
			if err != nil {
				t.Error(err)
				return
			}
			if depth == Tree {
				trees = append([]*os.File{tree}, trees...)
			} else {
				trees = append(trees, tree)
			}
		}
		if err := errors.Join(Shelve(trees, shelf), Cover(shelf, 0, "/below"), Cover(shelf, 0, "/none"), Unshare()); err != nil {
			t.Error(err)
			return
		}
		for i, look := range []string{"/below", ""} {
			path := shelf + "/" + strconv.Itoa(i)
			tree := at(t, path)
			if _, err := os.Stat(path + look); err != nil {
				t.Errorf("%d: %v", i, err)
			}
			if entries, _ := os.ReadDir(path + "/below"); len(entries) > 0 {
				t.Errorf("below is %v", entries)
			}
			if isDir, err := IsDir(tree); isDir != (i == 0) || err != nil {
				t.Errorf("%d is a directory: %v, %v", i, isDir, err)
			}
		}
	})
}

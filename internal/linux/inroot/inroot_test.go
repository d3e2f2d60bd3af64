package inroot

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// hostile makes a root whose links lead out of it wherever a container manager may look, beside a
// directory that must stay as it is.
func hostile(t *testing.T) (r Root, root, outside string) {
	t.Helper()
	dir := t.TempDir()
	root, outside = filepath.Join(dir, "root"), filepath.Join(dir, "outside")
	for _, d := range []string{outside, root, filepath.Join(root, "a"), filepath.Join(root, "etc")} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"outside/secret": "host", "root/etc/passwd": "guest", "root/file": "a file",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{
		"dev":    outside,                         // absolute
		"proc":   "../outside",                    // relative
		"sys":    "../../../../../../../../../..", // far above
		"a/b":    outside,
		"a/up":   "..",
		"loop":   "loop2",
		"loop2":  "/loop",
		"self":   "/proc/self/root", // a magic link, were it resolved on the host
		"secret": outside + "/secret",
	} {
		if err := os.Symlink(target, filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = f.Close()
		entries, err := os.ReadDir(outside)
		if err != nil || len(entries) != 1 || entries[0].Name() != "secret" {
			t.Errorf("the host's directory now has %v, %v", entries, err)
		}
	})
	return New(f), root, outside
}

// TestOpen: no path or link leads out of the root, and a descriptor is closed on exec.
func TestOpen(t *testing.T) {
	t.Parallel()
	r, _, outside := hostile(t)
	for name, tc := range map[string]struct {
		path string
		text string
		err  error
	}{
		"plain":                {"/etc/passwd", "guest", nil},
		"relative":             {"etc/passwd", "guest", nil},
		"not clean":            {"//etc/./../etc//passwd/", "guest", nil},
		"above":                {"../../../../etc/passwd", "guest", nil},
		"link upwards":         {"/sys/etc/passwd", "guest", nil},
		"link up and in":       {"/a/up/etc/passwd", "guest", nil},
		"missing":              {"/etc/shadow", "", unix.ENOENT},
		"absolute link":        {"/dev/secret", "", unix.ENOENT},
		"relative link":        {"/proc/secret", "", unix.ENOENT},
		"link to a file":       {"/secret", "", unix.ENOENT},
		"path of the host":     {outside + "/secret", "", unix.ENOENT},
		"loop":                 {"/loop/x", "", unix.ELOOP},
		"file as a directory":  {"/file/x", "", unix.ENOTDIR},
		"magic link of a host": {"/self/etc/passwd", "", unix.ENOENT},
		"with a zero byte":     {"/etc/pass\x00wd", "", unix.EINVAL},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := r.Open(tc.path, os.O_RDONLY)
			if !errors.Is(err, tc.err) {
				t.Fatalf("got %v, want %v", err, tc.err)
			}
			if err != nil {
				return
			}
			defer func() { _ = f.Close() }()
			if text, err := io.ReadAll(f); string(text) != tc.text || err != nil {
				t.Errorf("read %q, %v", text, err)
			}
			if flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFD, 0); flags&unix.FD_CLOEXEC == 0 || err != nil {
				t.Errorf("flags %#x, %v: it would reach the container", flags, err)
			}
		})
	}
}

// TestMagicLink: the magic links of a proc below the root are refused.
func TestMagicLink(t *testing.T) {
	t.Parallel()
	f, err := os.Open("/")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for _, link := range []string{"root/etc", "cwd", "exe", "fd/0"} {
		if got, err := New(f).Open("/proc/self/"+link, unix.O_PATH); !errors.Is(err, unix.ELOOP) {
			t.Errorf("%s: %v, %v", link, got, err)
		}
	}
}

// TestRootItself: a path that climbs out of the root is the root.
func TestRootItself(t *testing.T) {
	t.Parallel()
	r, root, _ := hostile(t)
	want, err := os.Stat(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"", "/", ".", "..", "/../..", "/sys"} {
		f, err := r.Dir(path)
		if err != nil {
			t.Errorf("%q: %v", path, err)
			continue
		}
		if got, err := f.Stat(); err != nil || !os.SameFile(want, got) {
			t.Errorf("%q is not the root: %v", path, err)
		}
		_ = f.Close()
	}
}

// TestMake: directories, files, nodes and links are made inside the root only, and never through a
// dead link.
func TestMake(t *testing.T) {
	t.Parallel()
	dir := func(r Root, p string) error { return closed(r.Dir(p)) }
	file := func(r Root, p string) error { return closed(r.File(p)) }
	fifo := func(r Root, p string) error { return r.Mknod(p, unix.S_IFIFO|0o600, 0, 0) }
	link := func(r Root, p string) error { return r.Symlink("/anywhere/../at all", p) }
	for name, tc := range map[string]struct {
		act    func(Root, string) error
		path   string
		inside string
		mode   os.FileMode
		err    error
	}{
		"directory":                  {dir, "/mnt/x/y", "mnt/x/y", os.ModeDir, nil},
		"directory that is there":    {dir, "/a", "a", os.ModeDir, nil},
		"directory through links up": {dir, "/a/up/a/up/new", "new", os.ModeDir, nil},
		"directory where a file is":  {dir, "/file", "file", 0, unix.ENOTDIR},
		"directory below a file":     {dir, "/file/x", "file", 0, unix.ENOTDIR},
		"directory in a loop":        {dir, "/loop/x", "loop", os.ModeSymlink, unix.ELOOP},
		"directory by a dead link":   {dir, "/dev", "dev", os.ModeSymlink, unix.ENOENT},
		"below a dead link":          {dir, "/dev/pts", "dev", os.ModeSymlink, unix.ENOENT},
		"below a dead relative link": {dir, "/proc/sys", "proc", os.ModeSymlink, unix.ENOENT},
		"below a deep dead link":     {dir, "/a/b/c", "a/b", os.ModeSymlink, unix.ENOENT},
		"file":                       {file, "/mnt/x/f", "mnt/x/f", 0, nil},
		"file that is there":         {file, "/etc/passwd", "etc/passwd", 0, nil},
		"file by a dead link":        {file, "/secret", "secret", os.ModeSymlink, unix.ENOENT},
		"file below a file":          {file, "/file/x", "file", 0, unix.ENOTDIR},
		"node":                       {fifo, "/new/node", "new/node", os.ModeNamedPipe, nil},
		"node that is there":         {fifo, "/file", "file", 0, unix.EEXIST},
		"node over a link":           {fifo, "/secret", "secret", os.ModeSymlink, unix.EEXIST},
		"node below a dead link":     {fifo, "/dev/null", "dev", os.ModeSymlink, unix.ENOENT},
		"link":                       {link, "/new/link", "new/link", os.ModeSymlink, nil},
		"link over a link":           {link, "/dev", "dev", os.ModeSymlink, unix.EEXIST},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, root, _ := hostile(t)
			if err := tc.act(r, tc.path); !errors.Is(err, tc.err) {
				t.Errorf("got %v, want %v", err, tc.err)
			}
			info, err := os.Lstat(filepath.Join(root, tc.inside))
			if err != nil || info.Mode().Type() != tc.mode {
				t.Errorf("inside: %v, %v; want %v", info, err, tc.mode)
			}
		})
	}
}

func closed(f *os.File, err error) error {
	if err == nil {
		_ = f.Close()
	}
	return err
}

// TestLinkWithinTheRoot: an absolute link of an image leads into its own tree, as Debian's /bin
// does.
func TestLinkWithinTheRoot(t *testing.T) {
	t.Parallel()
	r, root, _ := hostile(t)
	if err := r.Symlink("/a/real", "/alias"); err != nil {
		t.Fatal(err)
	}
	if err := closed(r.Dir("/a/real")); err != nil {
		t.Fatal(err)
	}
	if err := closed(r.Dir("/alias/below")); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(root, "a/real/below")); err != nil || !info.IsDir() {
		t.Errorf("%v, %v", info, err)
	}
}

// TestUnlink: a name inside the root goes, and neither a name nor the file of a link outside of it.
func TestUnlink(t *testing.T) {
	t.Parallel()
	r, root, outside := hostile(t)
	if err := r.Unlink("/file"); err != nil {
		t.Error(err)
	}
	if err := r.Unlink("/secret"); err != nil { // the link itself
		t.Error(err)
	}
	for _, p := range []string{"/file", "/proc/secret", outside + "/secret"} {
		if err := r.Unlink(p); err == nil {
			t.Errorf("%s: there was one", p)
		}
	}
	for _, name := range []string{"file", "secret"} {
		if _, err := os.Lstat(filepath.Join(root, name)); !errors.Is(err, unix.ENOENT) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

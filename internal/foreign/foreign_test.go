package foreign

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// host makes the files of a host, and opens its tree.
func host(t *testing.T, files map[string]string) (*Tree, string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil { // whatever the umask is
		t.Fatal(err)
	}
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tree, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tree.Close() })
	return tree, dir
}

// TestStaysInside: a link of another host's disk leads to nothing of this host.
func TestStaysInside(t *testing.T) {
	t.Parallel()
	outside := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	tree, dir := host(t, map[string]string{"etc/real": "inside"})
	for link, to := range map[string]string{"absolute": outside, "up": "../../../../../../../.." + outside, "kept": "/etc/real", "magic": "/proc/self/root" + outside} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"/absolute", "/up", "/magic", "/../" + outside} {
		if text, err := tree.Read(name); err == nil {
			t.Errorf("%s: %q", name, text)
		}
	}
	if text, err := tree.Read("/kept"); text != "inside" {
		t.Errorf("%q %v", text, err)
	}
	if tree.Own() {
		t.Error("the tree is taken for this host's")
	}
}

// TestOddFiles: a FIFO, a directory, a file that is too large and one that is no text are errors with their path, and
// hold nobody up.
func TestOddFiles(t *testing.T) {
	t.Parallel()
	tree, dir := host(t, map[string]string{"large": strings.Repeat("x", MaxFile+1), "binary": "\xff", "d/file": ""})
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"/large", "/binary", "/d", "/fifo"} {
		if _, err := tree.Read(name); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := tree.Read("/nosuch"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if list, err := tree.List("/nosuch"); list != nil || err != nil {
		t.Error(list, err)
	}
}

// TestPartitions: an image with a table of partitions is told from one that is a file system.
func TestPartitions(t *testing.T) {
	t.Parallel()
	image := func(at map[int]string) []byte {
		b := make([]byte, 2048)
		for i, text := range at {
			copy(b[i:], text)
		}
		return b
	}
	for name, c := range map[string]struct {
		head []byte
		want string
	}{
		"gpt":             {image(map[int]string{512: "EFI PART"}), "a table of partitions (GPT)"},
		"mbr":             {image(map[int]string{446: "\x80", 450: "\x83", 510: "\x55\xaa"}), "a table of partitions (MBR)"},
		"ext4":            {image(map[int]string{1080: "\x53\xef"}), ""},
		"ext4 and a boot": {image(map[int]string{446: "\x80", 450: "\x83", 510: "\x55\xaa", 1080: "\x53\xef"}), ""},
		"vfat":            {image(map[int]string{0: "\xeb\x3c\x90mkfs.fat", 446: "is boo", 510: "\x55\xaa"}), ""},
		"short":           {[]byte("x"), ""},
	} {
		if got := partitions(c.head); got != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestLXCPath: lxc.conf says where containers are.
func TestLXCPath(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"": "/var/lib/lxc", "# x\nlxc.lxcpath = /srv/lxc\n": "/srv/lxc", "lxc.lxcpath = relative": "/var/lib/lxc"} {
		tree, _ := host(t, map[string]string{"etc/lxc/lxc.conf": text})
		if got := LXCPath(tree); got != want {
			t.Errorf("%q: %s", text, got)
		}
	}
}

package syntax

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/native"
)

// TestFiles: texts by their names are read as files, and those below a directory as its files, in the order of their
// names.
func TestFiles(t *testing.T) {
	t.Parallel()
	read := Files(map[string]string{"/d/b.conf": "lxc.b = 1", "/d/a.conf": "lxc.a = 'x y'", "/d/README": "no", "/e/": "", "/fstab": "# no\na b c d"}, map[string]string{"/gone": "is gone"})
	c, err := Read("config", "lxc.include = /d/\nlxc.include = /e\nlxc.include = /gone\nlxc.include = /f\nlxc.mount=/fstab\nlxc.include =\n", read)
	if err != nil {
		t.Fatal(err)
	}
	want := []Entry{{"/d/a.conf", 1, "lxc.a", "x y"}, {"/d/b.conf", 1, "lxc.b", "1"}, {"/fstab", 2, "lxc.mount.entry", "a b c d"}}
	if diff := cmp.Diff(want, c.Entries); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if len(c.Unread) != 2 || c.Unread[0].Why.Error() != "is gone" || c.Unread[1].Line != 4 || !errors.Is(c.Unread[1].Why, errNotPassed) {
		t.Errorf("unread: %v", c.Unread)
	}
}

// TestError: an error has the file, the line and the key.
func TestError(t *testing.T) {
	t.Parallel()
	_, err := Read("config", "\n\xff = 1\n", nil)
	var fault *native.Error
	if !errors.As(err, &fault) || err.Error() != "config:2: the line is not UTF-8" {
		t.Errorf("%v", err)
	}
	if got := (Entry{File: "f", Line: 3, Key: "k"}).Error("is bad").Error(); got != "f:3: k: is bad" {
		t.Errorf("%s", got)
	}
}

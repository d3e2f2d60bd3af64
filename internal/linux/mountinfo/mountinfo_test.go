package mountinfo

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const text = `22 1 0:21 / / rw,relatime - ext4 /dev/sda1 rw,errors=remount-ro
25 22 0:23 / /proc rw,nosuid shared:12 - proc proc rw
40 22 0:41 /srv/a\040b\134c /mnt/x\012y rw,relatime shared:1 master:2 - xfs /dev/sdb rw
41 40 0:42 / /mnt rw - fuse.sshfs me@it: rw
42 22 0:43 / /mnt rw - tmpfs tmpfs rw
`

// TestParse: a line becomes a mount, with and without optional fields, and its escapes are taken away.
func TestParse(t *testing.T) {
	t.Parallel()
	got, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := []Mount{
		{22, 1, "0:21", "/", "/", "ext4", "rw,errors=remount-ro"},
		{25, 22, "0:23", "/", "/proc", "proc", "rw"},
		{40, 22, "0:41", "/srv/a b\\c", "/mnt/x\ny", "xfs", "rw"},
		{41, 40, "0:42", "/", "/mnt", "fuse.sshfs", "rw"},
		{42, 22, "0:43", "/", "/mnt", "tmpfs", "rw"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"x", "22 1 0:21 / / rw", "x 1 0:21 / / rw - a b c", "1 x 0:21 / / rw - a b c", "1 2 0:21 / - a b c", "22 1 0:21 / / rw - a b"} {
		if list, err := Parse([]byte(bad)); err == nil {
			t.Errorf("%q: %v", bad, list)
		}
	}
}

// TestParseOwn: what the kernel writes of this process is read, with a mount for its root directory.
func TestParseOwn(t *testing.T) {
	t.Parallel()
	own, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	list, err := Parse(own)
	if over, found := Over(list, "/proc/self"); err != nil || !found || over.Point != "/proc" || over.Type != "proc" || len(list) != strings.Count(string(own), "\n") {
		t.Errorf("%+v, %v, %v", over, found, err)
	}
}

// TestOver: a path is of the nearest mount above it, by whole names, and of the last one at that place.
func TestOver(t *testing.T) {
	t.Parallel()
	list, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]uint64{"/": 22, "/mntx": 22, "/mnt": 42, "/mnt/a": 42, "/proc/1": 25, "/mnt/x\ny/z": 40} {
		if got, found := Over(list, path); !found || got.ID != want {
			t.Errorf("%q is of %+v", path, got)
		}
	}
	if got, found := Over(nil, "/"); found {
		t.Error(got)
	}
}

// FuzzParse: no text makes Parse panic, and each mount has its fields.
func FuzzParse(f *testing.F) {
	f.Add([]byte(text))
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := Parse(text)
		if err != nil && list != nil {
			t.Error("an error and a list")
		}
	})
}

package holders

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/berthd/berth/internal/linux/mountinfo"
)

// TestMounted: a process has a tree if a mount of it, or of a part of it, is where the host has none, and shows
// something else than what is there without it.
func TestMounted(t *testing.T) {
	t.Parallel()
	const host = "20 1 8:1 / / rw - ext4 /dev/sda1 rw\n21 20 8:2 / /srv rw - xfs /dev/sdb rw\n22 20 8:1 /srv/web /media rw - ext4 /dev/sda1 rw\n"
	for name, tc := range map[string]struct{ path, list, want string }{
		"a copy of the host's":          {"/srv", host, ""},
		"the same below another root":   {"/srv", "30 1 8:9 / / rw - ext4 x rw\n31 30 8:1 / /host rw - ext4 x rw\n32 31 8:2 / /host/srv rw - xfs x rw\n", ""},
		"what is above":                 {"/srv/web", "30 1 8:9 / / rw - ext4 x rw\n31 30 8:2 / /all rw - xfs x rw\n", ""},
		"itself over itself":            {"/srv/web", host + "33 21 8:2 /web /srv/web ro - xfs x rw\n", ""},
		"the tree as a root":            {"/srv/web", "30 1 8:2 /web / rw - xfs x rw\n", "/"},
		"the whole file system":         {"/srv", "30 1 8:2 / / rw - xfs x rw\n", "/"},
		"the tree as a volume":          {"/srv/web", host + "33 20 8:2 /web /mnt rw - xfs x rw\n", "/mnt"},
		"a part of it":                  {"/srv/web", host + "33 20 8:2 /web/a /mnt rw - xfs x rw\n", "/mnt"},
		"over another part of it":       {"/srv/web", host + "33 21 8:2 /web/a /srv/web/b rw - xfs x rw\n", "/srv/web/b"},
		"a layer":                       {"/srv/web", "30 1 0:99 / / rw - overlay x rw,lowerdir=/var/x:/srv/web,upperdir=/var/y,workdir=/var/z\n", "/"},
		"the upper layer":               {"/srv", "30 1 0:99 / / rw - overlay x rw,lowerdir=/var/x,upperdir=/srv/web\n", "/"},
		"other layers":                  {"/srv/web", "30 1 0:99 / / rw - overlay x rw,lowerdir=/srv:/srv/web2,upperdir=/var/y\n", ""},
		"another name":                  {"/srv/web", host + "33 20 8:2 /web2 /mnt rw - xfs x rw\n", ""},
		"the same path of another file": {"/srv/web", host + "33 20 8:3 /web /mnt rw - xfs x rw\n", ""},
	} {
		own, err := mountinfo.Parse([]byte(host))
		if err != nil {
			t.Fatal(err)
		}
		list, err := mountinfo.Parse([]byte(tc.list))
		if err != nil {
			t.Fatal(err)
		}
		tree := &tree{device: "8:2", path: below(own[1], tc.path), name: tc.path, host: map[string]bool{}}
		for _, m := range own {
			if where, found := placeOf(own, m); found {
				tree.host[where] = true
			}
		}
		if got := tree.mounted(list); got != tc.want {
			t.Errorf("%s: %q, and not %q", name, got, tc.want)
		}
	}
}

// TestFirst: nobody has a directory that was just made, and a look leaves no descriptor behind.
func TestFirst(t *testing.T) {
	dir, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = dir.Close() }()
	var before int
	for n := range 3 {
		if h, found, err := First(dir); found || err != nil {
			t.Errorf("%v, %v", h, err)
		}
		open, err := filepath.Glob("/proc/self/fd/*")
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			before = len(open)
		} else if len(open) != before {
			t.Errorf("%d descriptors are open, and %d were", len(open), before)
		}
	}
}

package moving

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/berthd/berth/internal/foreign"
)

const (
	bobsIDMap = "lxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 100000 65536\n"
	bobsRoot  = "lxc.rootfs.path = dir:/srv/bob/lxc/x/rootfs\n"
	bobsStart = "lxc.start.auto = 1\n"
)

// TestDoubted: a configuration that somebody else than root can change gets a warning and does not start with the host.
// With the host's users or files it is refused, and imported only with Trust. The same one of root's is imported as it
// is.
func TestDoubted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config string
		reason string // why it is refused
	}{
		"own map and root":  {bobsIDMap + bobsRoot + bobsStart, "its root /srv/bob/lxc/x/rootfs can be replaced at any time, also by a link to the host's files (/srv/bob: "},
		"no map":            {bobsRoot + bobsStart + "lxc.mount.entry = / host none bind\n", "it runs with the host's users"},
		"the host's map":    {strings.ReplaceAll(bobsIDMap, "100000", "0") + bobsRoot + bobsStart, "it runs with the host's users"},
		"only groups' map":  {"lxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 0 65536\n" + bobsRoot + bobsStart, "it runs with the host's users"},
		"mount":             {bobsIDMap + bobsRoot + bobsStart + "lxc.mount.entry = /srv host none bind\n", "it mounts the host's /srv"},
		"mount by fstab":    {bobsIDMap + bobsRoot + bobsStart + "lxc.mount.fstab = /srv/bob/fstab\n", "it mounts the host's /srv"},
		"another root":      {bobsIDMap + bobsStart + "lxc.rootfs.path = dir:/etc\n", "its root /etc is not beside its configuration"},
		"root by a link":    {bobsIDMap + bobsStart + "lxc.rootfs.path = dir:/srv/bob/lxc/x/link\n", "its root /srv/bob/lxc/x/link leads to /etc"},
		"root through dots": {bobsIDMap + bobsStart + "lxc.rootfs.path = dir:/srv/bob/lxc/x/../../../../etc\n", "its root"},
	} {
		for _, trust := range []bool{false, true} {
			item := bobs(t, c.config, true, Options{Trust: trust})
			warned := strings.Contains(text(&Plan{Items: []*Item{item}}), "/srv/bob:0: everybody can write it")
			refused := item.Verdict == Impossible
			if !warned || refused != (c.reason != "" && !trust) || !strings.HasPrefix(item.Reason, c.reason) && !trust {
				t.Errorf("%s, trust %v: %s", name, trust, text(&Plan{Items: []*Item{item}}))
			}
			if item.Autostart != trust {
				t.Errorf("%s, trust %v: autostart %v", name, trust, item.Autostart)
			}
		}
		if item := bobs(t, c.config, false, Options{}); item.Verdict != New || !item.Autostart || strings.Contains(text(&Plan{Items: []*Item{item}}), "can write") {
			t.Errorf("%s, of root: %s", name, text(&Plan{Items: []*Item{item}}))
		}
	}
}

// TestDoubtedFile: a configuration that others can change, with a map of ids and a root that only root can replace, is
// imported, and does not start with the host.
func TestDoubtedFile(t *testing.T) {
	t.Parallel()
	item := bobs(t, "lxc.include = /open/more\n"+bobsIDMap+bobsRoot, false, Options{})
	if item.Verdict != New || item.Autostart || !strings.Contains(text(&Plan{Items: []*Item{item}}), "not started by itself: /open: everybody can write it") {
		t.Error(text(&Plan{Items: []*Item{item}}))
	}
}

// TestDoubtedInclude: a file that root's configuration includes is looked at, too.
func TestDoubtedInclude(t *testing.T) {
	t.Parallel()
	item := bobs(t, "lxc.include = /open/more\n"+bobsRoot, false, Options{})
	if item.Verdict != Impossible || !strings.Contains(item.Reason, "/open: everybody can write it; if you trust it, give --trust") {
		t.Error(text(&Plan{Items: []*Item{item}}))
	}
}

// bobs decides about a container in a home directory, which others can write if it is open.
func bobs(t *testing.T, config string, open bool, o Options) *Item {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"srv/bob/lxc/x/config": config, "srv/bob/lxc/x/rootfs/etc/x": "", "srv/bob/fstab": "/srv srv none bind 0 0\n", "open/more": bobsStart, "etc/x": ""} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc", filepath.Join(dir, "srv/bob/lxc/x/link")); err != nil {
		t.Fatal(err)
	}
	modes := map[string]os.FileMode{"": 0o755, "open": 0o777}
	if open {
		modes["srv/bob"] = 0o777
	}
	for name, mode := range modes {
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	tr, err := foreign.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tr.Close() })
	o.Source, o.Tree, o.Dir = LXC, tr, "/srv/bob/lxc"
	p, err := Look(t.Context(), newFake(), o)
	if err != nil {
		t.Fatal(err)
	}
	return p.Items[0]
}

package foreign

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// TestDoubts: whoever else than root can write a configuration, a file that it includes, or a directory or link that
// leads to one of them is told, with the file; what only root can change raises no doubt.
func TestDoubts(t *testing.T) {
	t.Parallel()
	const config = "/var/lib/lxc/web/config"
	for name, c := range map[string]struct {
		change func(t *testing.T, dir string)
		root   bool // only root can do the change
		want   []Doubt
	}{
		"root's":         {func(*testing.T, string) {}, false, nil},
		"file":           {chmod(config, 0o646), false, []Doubt{{config, "everybody can write it"}}},
		"file's group":   {both(chown(config, 0, 100), chmod(config, 0o664)), true, []Doubt{{config, "group 100 can write it"}}},
		"read by group":  {both(chown(config, 0, 100), chmod(config, 0o640)), true, nil},
		"owner":          {chown(config, 1000, 0), true, []Doubt{{config, "user 1000 owns it"}}},
		"directory":      {chmod("/var/lib/lxc/web", 0o757), false, []Doubt{{"/var/lib/lxc/web", "everybody can write it"}}},
		"above":          {chown("/var/lib", 1000, 0), true, []Doubt{{"/var/lib", "user 1000 owns it"}}},
		"sticky":         {chmod("/var/lib", 0o777|os.ModeSticky), false, nil},
		"link elsewhere": {both(link("/var/lib/lxc/web", "/srv/bob/web"), chmod("/srv/bob", 0o777)), false, []Doubt{{"/srv/bob", "everybody can write it"}}},
		"link to a link": {both(link("/var/lib/lxc/web/config", "/srv/real"), both(link("/var/lib/lxc/web/config", "/srv/bob/way"), chmod("/srv/bob", 0o777))), false, []Doubt{{"/srv/bob", "everybody can write it"}}},
		"its owner":      {both(link("/var/lib/lxc/web/config", "/srv/real"), both(link("/var/lib/lxc/web/config", "/srv/bob/way"), lchown("/srv/bob/way", 1000))), true, []Doubt{{"/srv/bob/way", "user 1000 owns it"}}},
		"a hard link":    {both(hardLink("/srv/bob/file", config), chown("/srv/bob/file", 1000, 0)), true, []Doubt{{config, "user 1000 owns it"}}},
		"owner of link":  {both(link("/var/lib/lxc/web", "/srv/bob/web"), lchown("/var/lib/lxc/web", 1000)), true, []Doubt{{"/var/lib/lxc/web", "user 1000 owns it"}}},
	} {
		if c.root && os.Geteuid() != 0 {
			continue
		}
		tree, dir := host(t, map[string]string{config: "lxc.include = /x\n"})
		if err := os.MkdirAll(dir+"/srv/bob", 0o755); err != nil {
			t.Fatal(err)
		}
		c.change(t, dir)
		found, err := LXC(tree, "/var/lib/lxc")
		if err != nil || len(found.Containers) != 1 {
			t.Fatalf("%s: %v %v", name, found, err)
		}
		if diff := cmp.Diff(c.want, found.Containers[0].Doubts); diff != "" || found.Containers[0].Fault != nil {
			t.Errorf("%s: %v %s", name, found.Containers[0].Fault, diff)
		}
		if _, doubts, err := tree.Included(config); err != nil || cmp.Diff(c.want, doubts) != "" {
			t.Errorf("%s: included: %v %v", name, doubts, err)
		}
	}
}

type changing = func(t *testing.T, dir string)

func both(first, then changing) changing {
	return func(t *testing.T, dir string) { first(t, dir); then(t, dir) }
}

func doing(do func(dir string) error) changing {
	return func(t *testing.T, dir string) {
		t.Helper()
		if err := do(dir); err != nil {
			t.Fatal(err)
		}
	}
}

func chmod(name string, mode os.FileMode) changing {
	return doing(func(dir string) error { return os.Chmod(filepath.Join(dir, name), mode) })
}

func chown(name string, uid, gid int) changing {
	return doing(func(dir string) error { return os.Chown(filepath.Join(dir, name), uid, gid) })
}

func lchown(name string, uid int) changing {
	return doing(func(dir string) error { return os.Lchown(filepath.Join(dir, name), uid, 0) })
}

// hardLink gives a file of a name a second one, in the place of what is there.
func hardLink(name, second string) changing {
	return doing(func(dir string) error {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			return err
		}
		if err := os.Remove(filepath.Join(dir, second)); err != nil {
			return err
		}
		return os.Link(filepath.Join(dir, name), filepath.Join(dir, second))
	})
}

// link moves something, and leaves a link.
func link(name, to string) changing {
	return doing(func(dir string) error {
		if err := os.Rename(filepath.Join(dir, name), filepath.Join(dir, to)); err != nil {
			return err
		}
		return os.Symlink(to, filepath.Join(dir, name))
	})
}

// TestReplaceable: who can put something else in the place of a path is who can change a directory or link that leads
// there, whoever owns what is there now; a path that leads to nothing yet counts, and one that leads round and round is
// an error.
func TestReplaceable(t *testing.T) {
	t.Parallel()
	tree, dir := host(t, map[string]string{"srv/tree/etc/x": "", "srv/open/tree/x": ""})
	for _, change := range []changing{
		chmod("/srv/open", 0o777), chmod("/srv/tree", 0o777),
		doing(func(dir string) error { return os.Symlink("open/tree/../../tree", filepath.Join(dir, "srv/through")) }),
		doing(func(dir string) error { return os.Symlink("round", filepath.Join(dir, "srv/round")) }),
	} {
		change(t, dir)
	}
	open := []Doubt{{"/srv/open", "everybody can write it"}}
	for name, want := range map[string][]Doubt{
		"/srv/tree": nil, "/srv/tree/": nil, "/srv/tree/etc": {{"/srv/tree", "everybody can write it"}}, "/srv/open/tree": open, "/srv/through": open,
		"/srv/open/missing/root": open, "/srv/missing": nil, "/": nil, "/../../srv/./root": nil,
	} {
		if got, err := tree.Replaceable(name); err != nil || cmp.Diff(want, got) != "" {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if got, err := tree.Replaceable("/srv/round"); !errors.Is(err, unix.ELOOP) {
		t.Errorf("%v, %v", got, err)
	}
}

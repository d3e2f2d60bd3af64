//go:build nest

package nest

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shiftBy gives all files of a tree these owners more, as chown -R of a script that shifts does.
func shiftBy(t testing.TB, root string, uid, gid int) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, uid, gid)
	})
	if err != nil {
		t.Fatal(err)
	}
}

const lookInside = `stat -c '%n %u:%g' / /bin /init; id -u; touch /mine && stat -c '%n %u:%g' /mine; mkdir /bin/sub && rmdir /bin/sub && echo writable`

// TestShiftedRoot: a root that the ids of the container own on the host is mounted as it is, and looks as a plain one
// does: its files belong to root inside, and what the container writes has the container's owners on disk.
func TestShiftedRoot(t *testing.T) {
	clean(t)
	const auto = "<idmap><uid start='0' target='720896' count='65536'/><gid start='0' target='720896' count='65536'/></idmap>" +
		"<container xmlns='urn:berth:container:1'><idmap mode='auto'/></container>"
	for name, tc := range map[string]struct {
		more     string
		uid, gid int
		mine     string // who owns a new file on disk
	}{
		"plain":           {idmap, 0, 0, "0:0"},
		"shifted":         {idmap, 100000, 200000, "100000:200000"},
		"shifted by auto": {auto, 720896, 720896, "720896:720896"},
	} {
		for _, kind := range []string{"directory", "image"} {
			t.Run(name+" "+kind, func(t *testing.T) {
				clean(t)
				g := script(t, "web", lookInside+"; echo THE END; exec sleep 1000")
				g.More = tc.more
				shiftBy(t, g.Root, tc.uid, tc.gid)
				root := g.Root
				if kind == "image" {
					file := image(t, g.Root)
					run(t, "mke2fs", "-F", "-q", "-t", "ext4", "-E", fmt.Sprintf("root_owner=%d:%d", tc.uid, tc.gid), "-d", g.Root, file)
					g.Root, g.Devs = "", "<filesystem type='file'><source file='"+file+"'/><target dir='/'/></filesystem>"
				}
				g.start(t)
				want := "/ 0:0\n/bin 0:0\n/init 0:0\n0\n/mine 0:0\nwritable\n"
				if said := says(t, "web", "THE END"); !strings.HasPrefix(said, want) {
					t.Errorf("not %q but:\n%s", want, said)
				}
				run(t, "berthctl", "destroy", "web")
				if kind == "directory" {
					for _, line := range owners(t, root) {
						if strings.HasPrefix(line, "/mine ") && line != "/mine "+tc.mine || tc.uid != 0 && strings.HasSuffix(line, " 0:0") {
							t.Errorf("on disk: %s", line)
						}
					}
				}
				unlooped(t)
			})
		}
	}
}

// TestHalfShiftedRoot: a root of which the container could use only a part does not start. The error says which
// directories tell, by which ids, and what takes them back.
func TestHalfShiftedRoot(t *testing.T) {
	clean(t)
	for name, tc := range map[string]struct {
		change func(t *testing.T, root string)
		says   []string
	}{
		"half": {
			func(t *testing.T, root string) {
				shiftBy(t, root, 100000, 200000)
				shiftBy(t, filepath.Join(root, "etc"), 0, 0)
			},
			[]string{"half shifted on disk: / belongs to 100000:200000, but /etc belongs to 0:0", "'berthctl unshift web'"},
		},
		"users only": {
			func(t *testing.T, root string) { shiftBy(t, root, 100000, 0) },
			[]string{"half shifted on disk: / belongs to 100000:0", "100000-165535 (of groups 200000-265535)"},
		},
		"by another map": {
			func(t *testing.T, root string) { shiftBy(t, root, 300000, 300000) },
			[]string{"by other ids than this container's 100000-165535", "/ belongs to 300000:300000", "'berthctl unshift --from 300000 web'"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			g := sleeper(t, "web")
			g.More = idmap
			tc.change(t, g.Root)
			before := owners(t, g.Root)
			g.define(t)
			r := try(t, "berthctl", "start", "web")
			for _, want := range append(tc.says, g.Root+": ") {
				if r.Status != 1 || !strings.Contains(r.Err, want) {
					t.Errorf("no %q in %+v", want, r)
				}
			}
			if after := owners(t, g.Root); fmt.Sprint(before) != fmt.Sprint(after) {
				t.Errorf("owners on disk changed:\n%v\n%v", before, after)
			}
		})
	}
}

// TestShiftedVolume: a directory or file that an id of the container owns on the host is mounted as it is, also in a
// running container. Any other one has its owners mapped.
func TestShiftedVolume(t *testing.T) {
	clean(t)
	g := sleeper(t, "web")
	g.More = idmap
	var plug []string
	for i, name := range []string{"shifted", "plain", "file"} {
		dir := t.TempDir()
		if name == "file" {
			dir = words(t, "a file")
		}
		if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
			t.Fatal(err)
		}
		uid, gid := 999, 998
		if i != 1 {
			uid, gid = 100999, 200998
		}
		shiftBy(t, dir, uid, gid)
		g.Devs += fsXML("mount", "dir='"+dir+"'", "/start/"+name, "")
		plug = append(plug, fsXML("mount", "dir='"+dir+"'", "/plugged/"+name, ""))
	}
	g.start(t)
	for _, xml := range plug {
		run(t, "berthctl", "attach-device", "web", xmlFile(t, xml), "--live")
	}
	got := within(t, "web", "stat -c '%n %u:%g' /start/* /plugged/*")
	for _, place := range []string{"/start/", "/plugged/"} {
		for _, name := range []string{"shifted", "plain", "file"} {
			if want := place + name + " 999:998\n"; !strings.Contains(got+"\n", want) {
				t.Errorf("no %q in:\n%s", want, got)
			}
		}
	}
}

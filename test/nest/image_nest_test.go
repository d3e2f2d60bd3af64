//go:build nest

package nest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/berthd/berth/test/rig"
)

// image makes an ext4 image that holds a directory's files.
func image(t *testing.T, dir string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "image")
	run(t, "truncate", "-s", "16M", file)
	run(t, "mkfs.ext4", "-q", "-d", dir, file)
	return file
}

// loops are the loop devices that show a file of this host's.
func loops(t testing.TB) []string {
	t.Helper()
	list, err := rig.Loops()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// unlooped waits until no loop device is left but those of the test: the kernel lets one go when its last mount has
// gone.
func unlooped(t *testing.T, but ...string) {
	t.Helper()
	eventually(t, func() error {
		if left := loops(t); len(left) > len(but) {
			return &os.PathError{Op: "left", Path: strings.Join(left, " "), Err: os.ErrExist}
		}
		return nil
	})
}

// TestImage: a file system in an image is mounted, as the root or below it, with owners mapped and
// read-only where asked.
func TestImage(t *testing.T) {
	clean(t)
	data := t.TempDir()
	if err := os.WriteFile(filepath.Join(data, "file"), []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	const rooted = "stat -c '%n %u' /bin; touch /new && echo written"
	for name, c := range map[string]struct {
		root       bool
		more, devs string
		script     string
		want, not  string
	}{
		"data":            {script: "cat /data/file; touch /data/new && echo written; grep ' /data ' /proc/mounts", want: "keptwritten\n/dev/loop"},
		"data, read-only": {devs: "<readonly/>", script: "cat /data/file; touch /data/new && echo written", want: "kept", not: "written"},
		"data, mapped":    {more: idmap, script: "stat -c '%n %u' /data/file; touch /data/new && stat -c '%n %u' /data/new", want: "/data/file 0\n/data/new 0"},
		"root":            {root: true, script: rooted, want: "/bin 0\nwritten"},
		"root, mapped":    {root: true, more: idmap, script: rooted, want: "/bin 0\nwritten"},
		"root, read-only": {root: true, devs: "<readonly/>", script: rooted, want: "/bin 0", not: "written"},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			g := guest{Name: "web", Root: busybox(t), More: c.more, Init: "/init"}
			if err := os.WriteFile(filepath.Join(g.Root, "init"), []byte("#!/bin/sh\n"+c.script+"\necho THE END; exec sleep 1000\n"), 0o755); err != nil {
				t.Fatal(err)
			}
			if c.root {
				g.Devs = "<filesystem type='file'><source file='" + image(t, g.Root) + "'/><target dir='/'/>" + c.devs + "</filesystem>"
				g.Root = ""
			} else {
				g.Devs = "<filesystem type='file'><source file='" + image(t, data) + "'/><target dir='/data'/>" + c.devs + "</filesystem>"
			}
			g.start(t)
			said := says(t, "web", "THE END")
			if !strings.Contains(said, c.want) || c.not != "" && strings.Contains(said, c.not) {
				t.Errorf("want %q and not %q in:\n%s", c.want, c.not, said)
			}
			run(t, "berthctl", "destroy", "web")
			unlooped(t)
		})
	}
}

// device shows an image as a block device until the test's end.
func device(t *testing.T, image string) string {
	t.Helper()
	name := run(t, "losetup", "--find", "--show", image)
	t.Cleanup(func() { run(t, "losetup", "--detach", name) })
	return name
}

// imageFS is a <filesystem> of type file at /data.
func imageFS(file, more string) string {
	return "<filesystem type='file'><source file='" + file + "'/><target dir='/data'/>" + more + "</filesystem>"
}

// TestBlockDevice: the file system on a device of the host is mounted over another one at the same
// place.
func TestBlockDevice(t *testing.T) {
	clean(t)
	data := t.TempDir()
	if err := os.WriteFile(filepath.Join(data, "file"), []byte("device"), 0o600); err != nil {
		t.Fatal(err)
	}
	dev := device(t, image(t, data))
	g := guest{Name: "web", Root: busybox(t), Init: "/init"}
	g.Devs = "<filesystem type='ram'><source usage='1' units='MiB'/><target dir='/data'/></filesystem>" +
		"<filesystem type='block'><source dev='" + dev + "'/><target dir='/data'/></filesystem>"
	if got := tell(t, g, "cat /data/file; grep -c ' /data ' /proc/mounts"); got != "device2" {
		t.Errorf("got %q", got)
	}
}

// TestBlockRoot: a root on a device keeps what is written to it. The device itself cannot be
// reached from inside, and no node of its file system is a device.
func TestBlockRoot(t *testing.T) {
	for name, more := range map[string]string{"plain": "", "mapped": idmap} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			g := script(t, "web", "touch /new && ls /new; ls /null; echo x >/null || echo no device; ls /dev/loop* || echo no node; echo THE END; exec sleep 1000")
			run(t, "mknod", "-m", "666", filepath.Join(g.Root, "null"), "c", "1", "3")
			dev := device(t, image(t, g.Root))
			g.Root, g.More = "", more
			g.Devs = "<filesystem type='block'><source dev='" + dev + "'/><target dir='/'/></filesystem>"
			g.start(t)
			said := says(t, "web", "THE END")
			for _, want := range []string{"/new\n/null\n", "no device\n", "no node\n"} {
				if !strings.Contains(said, want) {
					t.Errorf("no %q in:\n%s", want, said)
				}
			}
			run(t, "berthctl", "destroy", "web")
			eventually(t, func() error {
				if strings.Contains(run(t, "dumpe2fs", "-h", dev), "needs_recovery") {
					return errors.New(dev + " was not unmounted")
				}
				return nil
			})
		})
	}
}

// TestImageSetUID: a set-user-ID program of an image gives its owner's rights inside, as libvirt's
// would, and none to a user of the host who runs it by /proc/PID/root. The kernel heeds the bit
// only in the mount namespace that the mount is in.
func TestImageSetUID(t *testing.T) {
	clean(t)
	data := t.TempDir()
	run(t, "cp", "/usr/bin/id", data)
	if err := os.Chmod(filepath.Join(data, "id"), 0o755|os.ModeSetuid); err != nil {
		t.Fatal(err)
	}
	const nobody = "65534"
	g := guest{Name: "web", Args: "<inituser>" + nobody + "</inituser><initgroup>" + nobody + "</initgroup>"}
	g.Init, g.Args = "/bin/sh", g.Args+"<initarg>-c</initarg><initarg>/mnt/id -u; echo THE END; exec sleep 1000</initarg>"
	g.Devs = "<filesystem type='file'><source file='" + image(t, data) + "'/><target dir='/mnt'/></filesystem>"
	g.start(t)
	if said := says(t, "web", "THE END"); !strings.HasPrefix(said, "0\n") {
		t.Errorf("inside it says %q, not 0", said)
	}
	there := proc(int(info(t, "web").Leader), "root/mnt/id")
	if got := run(t, "setpriv", "--reuid="+nobody, "--regid="+nobody, "--clear-groups", there, "-u"); got != nobody {
		t.Errorf("on the host it says %s, not %s", got, nobody)
	}
	run(t, "berthctl", "destroy", "web")
	unlooped(t)
}

// TestImageOnce: an image is written to in one place at a time and read in many, and a container
// that starts again has it again.
func TestImageOnce(t *testing.T) {
	clean(t)
	file := image(t, t.TempDir())
	a, b := sleeper(t, "one"), sleeper(t, "two")
	const refused = ": it is in use by a container"
	for _, c := range []struct {
		first, second string
		ok            bool
	}{{"", "", false}, {"<readonly/>", "<readonly/>", true}} {
		a.Devs, b.Devs = imageFS(file, c.first), imageFS(file, c.second)
		run(t, "berthctl", "create", a.file(t))
		r := try(t, "berthctl", "create", b.file(t))
		if (r.Status == 0) != c.ok || !c.ok && !strings.Contains(r.Err, file+refused) {
			t.Errorf("%q after %q: %+v", c.second, c.first, r)
		}
		if c.ok {
			run(t, "berthctl", "destroy", "two")
		}
		run(t, "berthctl", "destroy", "one")
	}
	a.Devs = imageFS(file, "") + strings.Replace(imageFS(file, ""), "/data", "/more", 1)
	if r := try(t, "berthctl", "create", a.file(t)); r.Status != 1 || !strings.Contains(r.Err, file+refused) {
		t.Errorf("twice in one container: %+v", r)
	}
	unlooped(t)
	a.Devs = imageFS(file, "")
	for range 5 {
		run(t, "berthctl", "create", a.file(t))
		run(t, "berthctl", "destroy", "one")
	}
	unlooped(t)
}

// TestImageNotWritable: an image in a read-only place, or with a journal to replay, is refused with
// what to do.
func TestImageNotWritable(t *testing.T) {
	clean(t)
	dir := t.TempDir()
	fixed := filepath.Join(dir, "fixed")
	run(t, "cp", image(t, dir), fixed)
	run(t, "mount", "--bind", fixed, fixed)
	t.Cleanup(func() { unmount(t, fixed) })
	run(t, "mount", "-o", "remount,bind,ro", fixed)
	g := sleeper(t, "web")

	// A copy of what is mounted is what a power cut leaves.
	used, dirty := image(t, t.TempDir()), filepath.Join(dir, "dirty")
	g.Devs = imageFS(used, "")
	run(t, "berthctl", "create", g.file(t))
	run(t, "cp", used, dirty)
	run(t, "berthctl", "destroy", "web")

	for _, c := range []struct{ name, file, more, want string }{
		{"read-only place", fixed, "", fixed + ": read-only file system; if it cannot be written to, it needs <readonly/>"},
		{"read-only place, read", fixed, "<readonly/>", ""},
		{"journal, not writable", dirty, "<readonly/>", "start once without <readonly/>"},
		{"journal, once writable", dirty, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := sleeper(t, "web")
			g.Devs = imageFS(c.file, c.more)
			if r := try(t, "berthctl", "create", g.file(t)); (r.Status == 0) != (c.want == "") || !strings.Contains(r.Err, c.want) {
				t.Errorf("%+v, want %q", r, c.want)
			}
			try(t, "berthctl", "destroy", "web")
			unlooped(t)
		})
	}
}

// TestImageOfFailedStart: a start that fails after its image was attached leaves no loop device.
func TestImageOfFailedStart(t *testing.T) {
	clean(t)
	file := image(t, t.TempDir())
	for name, change := range map[string]func(*guest){
		"another source": func(g *guest) {
			g.Devs += "<filesystem><source dir='/no/such'/><target dir='/x'/></filesystem>"
		},
		"another image": func(g *guest) { g.Devs += imageFS("/no/such", "") },
		"no init":       func(g *guest) { g.Init = "/no/such" },
	} {
		t.Run(name, func(t *testing.T) {
			g := sleeper(t, "web")
			g.Devs = imageFS(file, "")
			change(&g)
			if r := try(t, "berthctl", "create", g.file(t)); r.Status != 1 || !strings.Contains(r.Err, "/no/such") {
				t.Errorf("%+v", r)
			}
			unlooped(t)
		})
	}
}

// TestNoImage: a file that is no image is refused by its name, and no device is left.
func TestNoImage(t *testing.T) {
	clean(t)
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	run(t, "truncate", "-s", "1M", empty)
	broken := image(t, dir)
	run(t, "dd", "if=/dev/zero", "of="+broken, "bs=1024", "seek=2", "count=14000", "conv=notrunc", "status=none")
	for name, c := range map[string]struct{ fs, want string }{
		"missing image":      {"type='file'><source file='/no/such'/>", "/no/such: no such file"},
		"directory as image": {"type='file'><source file='/etc'/>", "/etc: it is not a regular file"},
		"device as image":    {"type='file'><source file='/dev/null'/>", "/dev/null: it is not a regular file"},
		"nothing in it":      {"type='file'><source file='" + empty + "'/>", empty + ": no known file system was found in it"},
		"broken":             {"type='file'><source file='" + broken + "'/>", broken + ": "},
		"file as device":     {"type='block'><source dev='" + empty + "'/>", empty + ": it is not a block device"},
		"missing device":     {"type='block'><source dev='/dev/nosuch'/>", "/dev/nosuch: no such file"},
		"no qcow2":           {"type='file'><driver type='nbd' format='qcow2'/><source file='" + empty + "'/>", "Image is not in qcow2 format"},
		"no such format":     {"type='file'><driver type='nbd' format='qcow9'/><source file='" + empty + "'/>", "Unknown driver 'qcow9'"},
		"no qcow2 directory": {"type='file'><driver type='nbd' format='qcow2'/><source file='/etc'/>", "/etc: it is not a regular file"},
	} {
		t.Run(name, func(t *testing.T) {
			g := sleeper(t, "web")
			g.Devs = "<filesystem " + c.fs + "<target dir='/data'/></filesystem>"
			if r := try(t, "berthctl", "create", g.file(t)); r.Status != 1 || !strings.Contains(r.Err, c.want) {
				t.Errorf("%+v, want %q", r, c.want)
			}
			unlooped(t)
		})
	}
}

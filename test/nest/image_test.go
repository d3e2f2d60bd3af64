//go:build nest

package nest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// image makes an ext4 image that holds a directory's files.
func image(t *testing.T, dir string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "image")
	run(t, "truncate", "-s", "16M", file)
	run(t, "mkfs.ext4", "-q", "-d", dir, file)
	return file
}

// loops are the loop devices that show something.
func loops(t *testing.T) []string {
	t.Helper()
	list, err := filepath.Glob("/sys/block/loop*/loop/backing_file")
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// unlooped waits until no loop device is left: the kernel lets one go when its last mount has gone.
func unlooped(t *testing.T) {
	t.Helper()
	settled(t, func() error {
		if left := loops(t); len(left) > 0 {
			return &os.PathError{Op: "left", Path: strings.Join(left, " "), Err: os.ErrExist}
		}
		return nil
	})
}

// TestImage: an image as a file system and as the root, written and read-only, with owners mapped.
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

// TestBlockDevice: the file system on a device of the host, over another one at the same place.
func TestBlockDevice(t *testing.T) {
	clean(t)
	data := t.TempDir()
	if err := os.WriteFile(filepath.Join(data, "file"), []byte("device"), 0o600); err != nil {
		t.Fatal(err)
	}
	device := run(t, "losetup", "--find", "--show", image(t, data))
	t.Cleanup(func() { run(t, "losetup", "--detach", device) })
	g := guest{Name: "web", Root: busybox(t), Init: "/init"}
	g.Devs = "<filesystem type='ram'><source usage='1' units='MiB'/><target dir='/data'/></filesystem>" +
		"<filesystem type='block'><source dev='" + device + "'/><target dir='/data'/></filesystem>"
	if got := tell(t, g, "cat /data/file; grep -c ' /data ' /proc/mounts"); got != "device2" {
		t.Errorf("got %q", got)
	}
}

// TestNoImage: each error names the source, and no device is left.
func TestNoImage(t *testing.T) {
	clean(t)
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	run(t, "truncate", "-s", "1M", empty)
	broken := image(t, dir)
	run(t, "dd", "if=/dev/zero", "of="+broken, "bs=1024", "seek=2", "count=14000", "conv=notrunc", "status=none")
	for name, c := range map[string]struct{ fs, want string }{
		"missing image":      {"type='file'><source file='/no/such'/>", "/no/such: no such file"},
		"directory as image": {"type='file'><source file='/etc'/>", "/etc: "},
		"nothing in it":      {"type='file'><source file='" + empty + "'/>", empty + ": no file system that is known was found in it"},
		"broken":             {"type='file'><source file='" + broken + "'/>", broken + ": "},
		"file as device":     {"type='block'><source dev='" + empty + "'/>", empty + ": it is no block device"},
		"missing device":     {"type='block'><source dev='/dev/nosuch'/>", "/dev/nosuch: no such file"},
		"nbd":                {"type='file'><driver type='nbd' format='qcow2'/><source file='" + empty + "'/>", "driver@type"},
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

//go:build vm

package vm

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// qcow2 makes an image with an ext4 file system in which the directory has its files.
func qcow2(t testing.TB, dir string) string {
	t.Helper()
	run(t, "modprobe", "nbd")
	raw, image := filepath.Join(t.TempDir(), "raw"), filepath.Join(t.TempDir(), "image.qcow2")
	// As /sbin/mke2fs it would run as fsadm_t, which may not touch a test's files.
	mkfs := filepath.Join(t.TempDir(), "mkfs")
	run(t, "cp", "/sbin/mke2fs", mkfs)
	run(t, mkfs, "-q", "-t", "ext4", "-d", dir, raw, "16M")
	run(t, "qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, image)
	return image
}

const memory = "<memory unit='MiB'>64</memory>"

func qcow2FS(image, more string) string {
	return "<filesystem type='file'><driver type='nbd' format='qcow2'/><source file='" + image + "'/><target dir='/data'/>" + more + "</filesystem>"
}

// soon waits until a condition holds.
func soon(t testing.TB, holds func() error) {
	t.Helper()
	err := holds()
	for end := time.Now().Add(patience); err != nil && time.Now().Before(end); err = holds() {
		time.Sleep(50 * time.Millisecond)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// unserved waits until no image is served any more: no program, no unit, no device.
func unserved(t testing.TB) {
	t.Helper()
	soon(t, func() error {
		if left := servers(t); left != "" {
			return errors.New("left: " + left)
		}
		devices, err := filepath.Glob("/sys/block/nbd*/pid")
		if err != nil || len(devices) > 0 {
			return fmt.Errorf("left: %v, %w", devices, err)
		}
		return nil
	})
}

// servers are the units of images.
func servers(t testing.TB) string {
	t.Helper()
	return run(t, "systemctl", "list-units", "--all", "--plain", "--no-legend", "berth-image-*")
}

// TestQcow2: what a container writes to an image is there after its end, whoever ended it and whatever
// became of the daemon, and the image is whole.
func TestQcow2(t *testing.T) {
	begin := time.Now()
	image := qcow2(t, t.TempDir())
	g := guest{Name: "web", More: memory, Devs: qcow2FS(image, "")}
	g.start(t)
	ends := []struct {
		name string
		end  func()
	}{
		{"destroyed", func() { run(t, "berthctl", "destroy", "web") }},
		{"its scope stopped", func() { run(t, "systemctl", "stop", "machine-web.scope") }},
		{"its daemon killed", func() {
			run(t, "systemctl", "kill", "--kill-whom=main", "--signal=KILL", "berthd.service")
			run(t, "berthctl", "destroy", "web")
		}},
		{"its daemon of another version", func() {
			become(t, "bin/tomorrow/berthd")
			run(t, "berthctl", "suspend", "web")
			run(t, "berthctl", "resume", "web")
			run(t, "berthctl", "destroy", "web")
		}},
		{"started by that version", func() {
			become(t, "")
			run(t, "berthctl", "suspend", "web")
			run(t, "berthctl", "resume", "web")
			run(t, "berthctl", "destroy", "web")
		}},
	}
	t.Cleanup(func() { become(t, "") })
	want := ""
	for i, c := range ends {
		if i > 0 {
			run(t, "berthctl", "start", "web")
		}
		if got := g.says(t, "cat /data/log 2>/dev/null; grep -c '/dev/nbd.* /data ext4 rw' /proc/mounts"); got != want+"1" {
			t.Errorf("before it was %s: %q, want %q", c.name, got, want)
		}
		if unit := servers(t); !strings.HasPrefix(unit, "berth-image-web-") {
			t.Errorf("the image is served by %q", unit)
		}
		g.says(t, "echo '"+c.name+"' >> /data/log")
		want += c.name + "\n"
		c.end()
		unserved(t)
		if r := try(t, "qemu-img", "check", image); r.Status != 0 || !strings.Contains(r.Out, "No errors") {
			t.Errorf("%s: %+v", c.name, r)
		}
	}
	if lines := denials(t, begin); len(lines) > 0 {
		t.Errorf("denied:\n%s", strings.Join(lines, "\n"))
	}
}

// become puts another version in the daemon's place, "" the installed one, and restarts it.
func become(t testing.TB, program string) {
	t.Helper()
	const dropIn = "/run/systemd/system/berthd.service.d/50-variant.conf"
	if program == "" {
		run(t, "rm", "-f", dropIn)
	} else {
		program, err := filepath.Abs(filepath.Join("../..", program))
		if err != nil {
			t.Fatal(err)
		}
		supervisor := filepath.Join(filepath.Dir(program), "berth-supervisor")
		run(t, "chcon", "--reference=/usr/sbin/berthd", program)
		run(t, "chcon", "--reference=/usr/libexec/berth/berth-supervisor", supervisor)
		if err := os.MkdirAll(filepath.Dir(dropIn), 0o755); err != nil {
			t.Fatal(err)
		}
		text := "[Service]\nExecStart=\nExecStart=" + program + " -supervisor " + supervisor + "\n"
		if err := os.WriteFile(dropIn, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run(t, "systemctl", "daemon-reload")
	run(t, "systemctl", "restart", "berthd")
}

// TestQcow2Once: a qcow2 image is written to in one place at a time, and read in many.
func TestQcow2Once(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("read"), 0o600); err != nil {
		t.Fatal(err)
	}
	image := qcow2(t, dir)
	for name, c := range map[string]struct {
		more    string
		refused bool
	}{"two writers": {"", true}, "two readers": {"<readonly/>", false}} {
		t.Run(name, func(t *testing.T) {
			one := guest{Name: "one", More: memory, Devs: qcow2FS(image, c.more)}
			one.start(t)
			two := guest{Name: "two", More: memory, Devs: qcow2FS(image, c.more)}
			two.define(t)
			r := try(t, "berthctl", "start", "two")
			if c.refused != (r.Status != 0) || c.refused && !strings.Contains(r.Err, image+": it is in use by a container") {
				t.Errorf("%+v", r)
			}
			if !c.refused {
				if got := two.says(t, "cat /data/file; touch /data/x 2>&1 || true"); !strings.HasPrefix(got, "read") || !strings.Contains(got, "Read-only file system") {
					t.Errorf("%q", got)
				}
			}
			try(t, "berthctl", "destroy", "two")
			run(t, "berthctl", "destroy", "one")
			unserved(t)
		})
	}
}

// TestQcow2Plug: a running container gets a qcow2 image and loses it, also after the daemon was killed meanwhile. What
// it has written is there, the image is whole, and nobody serves it any more.
func TestQcow2Plug(t *testing.T) {
	begin := time.Now()
	image := qcow2(t, t.TempDir())
	g := guest{Name: "web", More: memory}
	g.start(t)
	xml := filepath.Join(t.TempDir(), "image.xml")
	if err := os.WriteFile(xml, []byte(qcow2FS(image, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	want := ""
	for _, word := range []string{"first", "second"} {
		run(t, "berthctl", "attach-device", "web", xml)
		if got := g.says(t, "cat /data/log 2>/dev/null; echo "+word+" >> /data/log; echo written"); got != want+"written" {
			t.Errorf("%s: %q, want %q", word, got, want+"written")
		}
		want += word + "\n"
		run(t, "systemctl", "kill", "--kill-whom=main", "--signal=KILL", "berthd.service")
		run(t, "berthctl", "detach-device", "web", xml)
		unserved(t)
		if r := try(t, "qemu-img", "check", image); r.Status != 0 || !strings.Contains(r.Out, "No errors") {
			t.Errorf("%s: %+v", word, r)
		}
	}
	run(t, "berthctl", "destroy", "web")
	if lines := denials(t, begin); len(lines) > 0 {
		t.Errorf("denied:\n%s", strings.Join(lines, "\n"))
	}
}

// TestQcow2Partition: who serves an image of a container is in the slice of its partition, whose limits hold for both;
// the stop of that slice ends the container first, and the image is whole.
func TestQcow2Partition(t *testing.T) {
	const slice = "machine-prod-web.slice"
	image := qcow2(t, t.TempDir())
	g := guest{Name: "web", More: memory + "<resource><partition>/machine/prod/web</partition></resource>", Devs: qcow2FS(image, "")}
	g.start(t)
	t.Cleanup(func() { run(t, "systemctl", "stop", "machine-prod.slice") })
	server, _, _ := strings.Cut(servers(t), " ")
	if got := run(t, "systemctl", "show", "--property=Slice,ControlGroup", server); got != "Slice="+slice+"\nControlGroup=/machine.slice/machine-prod.slice/"+slice+"/"+server {
		t.Errorf("the image is served by %s in\n%s", server, got)
	}
	g.says(t, "echo written > /data/log")
	run(t, "systemctl", "stop", slice)
	unserved(t)
	if r := try(t, "qemu-img", "check", image); r.Status != 0 || !strings.Contains(r.Out, "No errors") {
		t.Errorf("%+v", r)
	}
	soon(t, func() error {
		if r := try(t, "berthctl", "start", "web"); r.Status != 0 {
			return errors.New(r.Err)
		}
		return nil
	})
	if got := g.says(t, "cat /data/log"); got != "written" {
		t.Errorf("after the slice was stopped, the image has %q", got)
	}
	run(t, "berthctl", "destroy", "web")
	unserved(t)
}

// TestQcow2Refused: an image that cannot be served leaves no server.
func TestQcow2Refused(t *testing.T) {
	image := qcow2(t, t.TempDir())
	empty := filepath.Join(t.TempDir(), "empty.qcow2")
	run(t, "qemu-img", "create", "-q", "-f", "qcow2", empty, "1M")
	for name, c := range map[string]struct{ fs, want string }{
		"another format": {strings.Replace(qcow2FS(image, ""), "qcow2", "vdi", 1), image},
		"nothing in it":  {qcow2FS(empty, ""), empty + ": no known file system was found in it"},
		"and a later error": {
			qcow2FS(image, "") + "<filesystem><source dir='/no/such'/><target dir='/x'/></filesystem>", "/no/such",
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := guest{Name: "web", More: memory, Devs: c.fs}
			g.define(t)
			if r := try(t, "berthctl", "start", "web"); r.Status == 0 || !strings.Contains(r.Err, c.want) {
				t.Errorf("%+v, want %q", r, c.want)
			}
			unserved(t)
		})
	}
}

//go:build nest

package nest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func fsXML(kind, source, target, more string) string {
	return "<filesystem type='" + kind + "'><source " + source + "/><target dir='" + target + "'/>" + more + "</filesystem>"
}

// TestHotPlugFilesystem: a running container gets file systems of each type and loses them, also after the daemon was
// killed meanwhile. One that is read-only stays so, and with a user namespace root inside cannot change that. What the
// container has for a mount point that was made goes with it.
func TestHotPlugFilesystem(t *testing.T) {
	for kind, more := range map[string]string{"plain": "", "user namespace": idmap} {
		t.Run(kind, func(t *testing.T) {
			clean(t)
			dir, file := t.TempDir(), words(t, "a file")
			if err := errors.Join(os.Chmod(filepath.Dir(dir), 0o755), os.WriteFile(filepath.Join(dir, "hello"), []byte("hello"), 0o644)); err != nil {
				t.Fatal(err)
			}
			disk := image(t, t.TempDir())
			dev := device(t, image(t, dir))
			g := sleeper(t, "web")
			g.More = more
			g.define(t)
			run(t, "berthctl", "start", "web")
			list := []string{
				fsXML("mount", "dir='"+dir+"'", "/data", ""), fsXML("mount", "dir='"+dir+"'", "/read/only", "<readonly/>"), fsXML("mount", "dir='"+file+"'", "/etc/words", ""),
				fsXML("ram", "usage='1024'", "/ram", ""), fsXML("bind", "dir='/etc'", "/inner", ""), fsXML("file", "file='"+disk+"'", "/image", ""),
				fsXML("block", "dev='"+dev+"'", "/block", "<readonly/>"),
			}
			for _, xml := range list {
				run(t, "berthctl", "attach-device", "web", xmlFile(t, xml), "--live", "--config")
			}
			killDaemon(t)
			got := within(t, "web", `cat /data/hello; echo; stat -c %u:%g /data/hello; echo new > /data/new && cat /data/new; echo x > /read/only/x
head -c 6 /etc/words; echo; df -k /ram | tail -n 1 | tr -s " " | cut -d " " -f 2; echo y > /ram/y && cat /ram/y; head -c 4 /inner/passwd; echo; touch /image/z && ls /image
mount -o remount,rw,bind /read/only; echo x > /read/only/x; cat /block/hello; echo " on a device"; touch /block/x`)
			for _, want := range []string{"hello\n0:0\nnew\n", "/read/only/x: Read-only file system", "a file\n1024\ny\nroot\n", "lost+found", "z", "hello on a device", "/block/x: Read-only file system"} {
				if !strings.Contains(got, want) {
					t.Errorf("%q is missing in:\n%s", want, got)
				}
			}
			if _, err := os.Stat(filepath.Join(dir, "x")); more != "" && err == nil {
				t.Errorf("root inside has made a read-only file system writable:\n%s", got)
			}
			if n := len(loops(t)); n != 2 {
				t.Errorf("%d loop devices", n)
			}
			for _, xml := range list {
				run(t, "berthctl", "detach-device", "web", xmlFile(t, xml), "--live", "--config")
			}
			if got := within(t, "web", "ls -d /data /read/only /etc/words /ram /inner /image /block; grep -c tmpfs /proc/mounts"); strings.Count(got, "No such file") != 7 {
				t.Errorf("left inside: %s", got)
			}
			if xml := run(t, "berthctl", "dumpxml", "web", "--inactive"); strings.Contains(xml, "/data") || strings.Contains(xml, disk) {
				t.Errorf("%s", xml)
			}
			unlooped(t, dev)
			run(t, "berthctl", "destroy", "web")
		})
	}
}

// TestHotPlugFilesystemRefused: what cannot be mounted or detached is an error that names the element, and nothing is
// left.
func TestHotPlugFilesystemRefused(t *testing.T) {
	clean(t)
	dir := t.TempDir()
	g := sleeper(t, "web")
	g.Devs = fsXML("mount", "dir='"+dir+"'", "/data", "") + fsXML("ram", "usage='64'", "/ram", "")
	g.define(t)
	run(t, "berthctl", "start", "web")
	before := within(t, "web", "cat /proc/mounts; ls /")
	for xml, want := range map[string]string{
		fsXML("mount", "dir='/no/such'", "/x", ""):          "filesystem/source@dir: open /no/such: no such file or directory",
		fsXML("mount", "dir='"+dir+"'", "/data", ""):        "filesystem/target@dir: the container has a file system at '/data' already",
		fsXML("mount", "dir='"+dir+"'", "/etc/passwd", ""):  "filesystem/target@dir: ",
		fsXML("file", "file='"+words(t, "x")+"'", "/x", ""): "filesystem/source@file: ",
		fsXML("block", "dev='/dev/null'", "/x", ""):         "filesystem/source@dev: ",
		fsXML("mount", "dir='"+dir+"'", "/", ""):            "filesystem/target@dir: the root of a running container cannot change",
		fsXML("bind", "dir='/none'", "/x", ""):              "filesystem/source@dir: ",
	} {
		if r := try(t, "berthctl", "attach-device", "web", xmlFile(t, xml)); r.Status != 1 || !strings.Contains(r.Err, want) {
			t.Errorf("%s: %+v, want %s", xml, r, want)
		}
	}
	if r := try(t, "berthctl", "detach-device", "web", xmlFile(t, fsXML("ram", "usage='64'", "/ram", ""))); r.Status != 1 || !strings.Contains(r.Err, "filesystem@type: a file system of type 'ram' that the container has from its start") {
		t.Errorf("%+v", r)
	}
	if after := within(t, "web", "cat /proc/mounts; ls /"); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
	run(t, "berthctl", "detach-device", "web", xmlFile(t, fsXML("mount", "dir='"+dir+"'", "/data", "")))
	if after := within(t, "web", "cat /proc/mounts"); strings.Contains(after, " /data ") {
		t.Errorf("%s", after)
	}
	run(t, "berthctl", "destroy", "web")
}

// TestDaemonDiesWhileMounting: a daemon that is killed between any two steps leaves no file system half attached: the
// next one takes back what was being attached, and ends what was being detached.
func TestDaemonDiesWhileMounting(t *testing.T) {
	variant(t, "bin/berthd-faultpoint")
	for kind, more := range map[string]string{"plain": "", "user namespace": idmap} {
		for _, verb := range []string{"attach", "detach"} {
			for _, point := range []string{"source", "mount", "definition", "state"} {
				t.Run(kind+" "+verb+" "+point, func(t *testing.T) {
					clean(t)
					disk := image(t, t.TempDir())
					xml := xmlFile(t, fsXML("file", "file='"+disk+"'", "/image", ""))
					g := sleeper(t, "web")
					g.More = more
					g.define(t)
					run(t, "berthctl", "start", "web")
					if verb == "detach" {
						run(t, "berthctl", "attach-device", "web", xml, "--persistent")
					}
					if err := os.WriteFile(faultFile, []byte("kill "+verb+" "+point+"\n"), 0o600); err != nil {
						t.Fatal(err)
					}
					try(t, "berthctl", verb+"-device", "web", xml, "--persistent")
					if exists(faultFile) {
						t.Fatalf("the point %q was not reached", point)
					}
					eventually(t, func() error {
						got := within(t, "web", "ls -d /image") + run(t, "berthctl", "dumpxml", "web") + run(t, "berthctl", "dumpxml", "web", "--inactive")
						if !strings.Contains(got, "/image: No such file") || strings.Contains(got, disk) || len(loops(t)) > 0 {
							return errors.New(got)
						}
						return nil
					})
					run(t, "berthctl", "attach-device", "web", xml, "--persistent")
					if got := within(t, "web", "ls /image"); got != "lost+found" {
						t.Errorf("attached again: %q", got)
					}
					run(t, "berthctl", "destroy", "web")
					unlooped(t)
				})
			}
		}
	}
}

//go:build nest

package nest

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func storageXML(dev string) string {
	return "<hostdev mode='capabilities' type='storage'><source><block>" + dev + "</block></source></hostdev>"
}

func miscXML(dev string) string {
	return "<hostdev mode='capabilities' type='misc'><source><char>" + dev + "</char></source></hostdev>"
}

func diskXML(file, target, more string) string {
	return "<disk type='file'><source file='" + file + "'/><target dev='" + target + "'/>" + more + "</disk>"
}

// words makes a file of 1 MiB that begins with a word.
func words(t testing.TB, word string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "words")
	if err := os.WriteFile(file, append([]byte(word), make([]byte, 1<<20-len(word))...), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// numbers are those of a node, as stat(1) tells them.
func numbers(t testing.TB, node string) string {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Stat(node, &st); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x:%x", unix.Major(st.Rdev), unix.Minor(st.Rdev))
}

// TestHostDevices: a container has the host's device at the host's path below /dev, for its root alone, and can use it;
// also with a user namespace. It can use no other device, whatever nodes its image has.
func TestHostDevices(t *testing.T) {
	for kind, more := range map[string]string{"plain": "", "user namespace": idmap} {
		t.Run(kind, func(t *testing.T) {
			clean(t)
			dev, other := device(t, words(t, "mine")), device(t, words(t, "other"))
			g := guest{Name: "web", Root: busybox(t), More: more, Devs: storageXML(dev) + miscXML("/dev/net/tun")}
			var st unix.Stat_t
			if err := unix.Stat(other, &st); err != nil {
				t.Fatal(err)
			}
			if err := unix.Mknod(filepath.Join(g.Root, "other"), unix.S_IFBLK|0o666, int(st.Rdev)); err != nil {
				t.Fatal(err)
			}
			got := tell(t, g, "stat -c '%n %F %t:%T %a %u:%g' "+dev+` /dev/net/tun
head -c 4 `+dev+`; echo
printf done | dd of=`+dev+` conv=notrunc 2> /dev/null && head -c 4 `+dev+`; echo
dd if=/dev/net/tun count=1 2>&1 | grep -o 'File descriptor in bad state'
head -c 4 /other 2> /dev/null || echo no other`)
			want := dev + " block special file " + numbers(t, dev) + " 700 0:0\n/dev/net/tun character special file a:c8 700 0:0\n" +
				"mine\ndone\nFile descriptor in bad state\nno other"
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestDisks: a disk of an image file is a node in /dev and a loop device as long as the container lives, which cannot
// be written to if it is read-only. It lives on while the daemon restarts.
func TestDisks(t *testing.T) {
	for kind, more := range map[string]string{"plain": "", "user namespace": idmap} {
		t.Run(kind, func(t *testing.T) {
			clean(t)
			a, b, dev := words(t, "abcd"), words(t, "efgh"), device(t, words(t, "ijkl"))
			g := script(t, "web", `stat -c '%n %F %a %u:%g' /dev/vda /dev/vdb /dev/sdc
for d in vda vdb sdc; do head -c 4 /dev/$d; echo; printf done | dd of=/dev/$d conv=notrunc,fsync 2> /dev/null || echo not written; done
echo THE END; exec sleep 100000`)
			g.More = more
			g.Devs = diskXML(a, "vda", "") + diskXML(b, "vdb", "<readonly/>") +
				"<disk type='block'><source dev='" + dev + "'/><target dev='sdc'/><readonly/></disk>"
			g.start(t)
			got := strings.TrimSpace(says(t, "web", "THE END"))
			want := "/dev/vda block special file 700 0:0\n/dev/vdb block special file 700 0:0\n/dev/sdc block special file 700 0:0\n" +
				"abcd\nefgh\nnot written\nijkl\nnot written\nTHE END"
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if text, err := os.ReadFile(a); err != nil || string(text[:4]) != "done" {
				t.Errorf("the image begins with %q, %v", text[:4], err)
			}
			killDaemon(t)
			g2 := sleeper(t, "second")
			g2.Devs = diskXML(a, "vda", "")
			if r := try(t, "berthctl", "create", g2.file(t)); r.Status != 1 || !strings.Contains(r.Err, a+": it is in use by a container") {
				t.Errorf("the same image again: %+v", r)
			}
			if n := len(loops(t)); n != 3 { // with that of the test
				t.Errorf("%d loop devices", n)
			}
			run(t, "berthctl", "reset", "web")
			run(t, "berthctl", "destroy", "web")
			unlooped(t, dev)
		})
	}
}

// TestDisksAreLetGo: no end of a container leaves the loop device of a disk: not that of its init, of its supervisor or
// of the daemon in the midst of a start.
func TestDisksAreLetGo(t *testing.T) {
	variant(t, "bin/berthd-faultpoint")
	file := words(t, "abcd")
	for name, end := range map[string]func(t *testing.T){
		"init":       func(t *testing.T) { kill(t, int(info(t, "web").Leader)) },
		"supervisor": func(t *testing.T) { kill(t, keeperOf(info(t, "web"))) },
		"everything": func(t *testing.T) {
			i := info(t, "web")
			killDaemon(t, func() { kill(t, keeperOf(i)); kill(t, int(i.Leader)) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			g := sleeper(t, "web")
			g.Devs = diskXML(file, "vda", "")
			g.define(t)
			run(t, "berthctl", "start", "web")
			end(t)
			eventually(t, func() error {
				if state := info(t, "web").State; state != "shutoff" {
					return errors.New(state)
				}
				return nil
			})
			unlooped(t)
		})
	}
	for _, how := range []string{"kill", "fail"} {
		for _, point := range []string{"start unit", "start container", "start init"} {
			t.Run(how+" "+point, func(t *testing.T) {
				clean(t)
				g := sleeper(t, "web")
				g.Devs = diskXML(file, "vda", "")
				g.define(t)
				at(t, how, point, "web")
				unlooped(t)
			})
		}
	}
}

// TestPlanShowsDevices: "berthctl plan" shows the nodes of devices and that the scope allows them, and attaches
// nothing. It names the element of a device that the host lacks.
func TestPlanShowsDevices(t *testing.T) {
	clean(t)
	file := words(t, "abcd")
	g := sleeper(t, "web")
	g.Devs = diskXML(file, "vda", "") + miscXML("/dev/net/tun")
	g.define(t)
	var plan struct {
		Devices []struct{ Path, Image string }
		Scope   struct {
			Devices []struct{ Path, Access string } `json:"device_allow"`
		}
	}
	if err := json.Unmarshal([]byte(run(t, "berthctl", "plan", "web")), &plan); err != nil {
		t.Fatal(err)
	}
	if n := len(plan.Devices); n < 2 || plan.Devices[n-2].Path != "/dev/vda" || plan.Devices[n-2].Image != file || plan.Devices[n-1].Path != "/dev/net/tun" {
		t.Errorf("nodes: %+v", plan.Devices)
	}
	if n := len(plan.Scope.Devices); n < 2 || plan.Scope.Devices[n-1].Path != "/dev/char/10:200" || plan.Scope.Devices[n-1].Access != "rwm" {
		t.Errorf("devices of the scope: %+v", plan.Scope.Devices)
	}
	unlooped(t)
	g.Devs = miscXML("/dev/none")
	g.Name = "none"
	g.define(t)
	if r := try(t, "berthctl", "plan", "none"); r.Status != 1 || !strings.Contains(r.Err, "domain/devices/hostdev/source/char: the host has no device /dev/none") {
		t.Errorf("%+v", r)
	}
}

// TestDiskIsNotKept: a container that has its disk's loop device outlive its last descriptor, as who may write to a
// loop device can, does not keep it beyond its end.
func TestDiskIsNotKept(t *testing.T) {
	clean(t)
	g := sleeper(t, "web")
	g.Devs = diskXML(words(t, "abcd"), "vda", "")
	g.start(t)
	f, err := os.OpenFile(proc(int(info(t, "web").Leader), "root/dev/vda"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	about, err := unix.IoctlLoopGetStatus64(int(f.Fd()))
	if err == nil {
		about.Flags &^= unix.LO_FLAGS_AUTOCLEAR
		err = unix.IoctlLoopSetStatus64(int(f.Fd()), about)
	}
	_ = f.Close()
	if err != nil {
		t.Fatal(err)
	}
	run(t, "berthctl", "destroy", "web")
	unlooped(t)
}

// TestDiskStaysADisk: neither a container nor a command in it can have its disk's loop device show nothing or another
// file, or outlive it.
func TestDiskStaysADisk(t *testing.T) {
	for kind, more := range map[string]string{"plain": "", "user namespace": idmap} {
		t.Run(kind, func(t *testing.T) {
			clean(t)
			const detach = "busybox losetup -d /dev/vda 2>&1; head -c 4 /dev/vda"
			const want = "losetup: /dev/vda: Operation not permitted\nabcd"
			g := script(t, "web", detach+"; echo; echo THE END; exec sleep 100000")
			g.More = more
			g.Devs = diskXML(words(t, "abcd"), "vda", "<readonly/>")
			g.start(t)
			if got := strings.TrimSpace(says(t, "web", "THE END")); got != want+"\nTHE END" {
				t.Errorf("init: %q", got)
			}
			if got := run(t, "berthctl", "exec", "web", "--", "/bin/sh", "-c", detach); got != want {
				t.Errorf("a command: %q", got)
			}
			run(t, "berthctl", "destroy", "web")
			unlooped(t)
		})
	}
}

func kill(t testing.TB, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Error(err)
	}
}

// TestNoDevice: a device that the host lacks, or that is of another kind, fails the start with the element that asks
// for it, and nothing is left.
func TestNoDevice(t *testing.T) {
	clean(t)
	file := words(t, "abcd")
	for want, devs := range map[string]string{
		"domain/devices/hostdev/source/char: the host has no device /dev/none":       miscXML("/dev/none"),
		"domain/devices/hostdev[2]/source/block: /dev/net/tun is not a block device": miscXML("/dev/fuse") + storageXML("/dev/net/tun"),
		"domain/devices/hostdev/source/char: /dev/loop0 is not a character device":   miscXML("/dev/loop0"),
		"domain/devices/hostdev/source: the host has no USB device 0001:0001":        "<hostdev mode='subsystem' type='usb'><source><vendor id='1'/><product id='1'/></source></hostdev>",
		"domain/devices/disk[2]/source@file: /dev/null: it is not a regular file":    diskXML(file, "vda", "") + diskXML("/dev/null", "vdb", ""),
		"domain/devices/disk/source@file: /no/such: no such file or directory":       diskXML("/no/such", "vda", "") + miscXML("/dev/fuse"),
		"domain/devices/disk/source@dev: the host has no device /dev/none":           "<disk type='block'><source dev='/dev/none'/><target dev='vda'/></disk>",
	} {
		g := sleeper(t, "web")
		g.Devs = devs
		if r := try(t, "berthctl", "create", g.file(t)); r.Status != 1 || !strings.Contains(r.Err, want) {
			t.Errorf("want %q: %+v", want, r)
		}
	}
	unlooped(t)
}

// TestDevicesInHostileImage: an image that has links in the place of /dev and what is in it gets the nodes in its own
// /dev, and the host gets none.
func TestDevicesInHostileImage(t *testing.T) {
	clean(t)
	bait := t.TempDir()
	for name, more := range map[string]string{"plain": "", "user namespace": idmap} {
		t.Run(name, func(t *testing.T) {
			g := guest{Name: "web", Root: busybox(t), More: more, Devs: miscXML("/dev/net/tun") + diskXML(words(t, "abcd"), "vda", "")}
			if err := os.Remove(filepath.Join(g.Root, "dev")); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink("../../../.."+bait, filepath.Join(g.Root, "dev")); err != nil {
				t.Fatal(err)
			}
			if err := os.MkdirAll(filepath.Join(g.Root, bait), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(bait, filepath.Join(g.Root, bait, "net")); err != nil {
				t.Fatal(err)
			}
			if got := tell(t, g, "ls /dev/net /dev/vda"); got != "/dev/vda\n\n/dev/net:\ntun" {
				t.Errorf("inside: %q", got)
			}
			if left, err := os.ReadDir(bait); err != nil || len(left) > 0 {
				t.Errorf("on the host: %v, %v", left, err)
			}
		})
	}
	unlooped(t)
}

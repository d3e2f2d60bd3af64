//go:build nest

package nest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// xmlFile writes the XML of a device.
func xmlFile(t testing.TB, xml string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "device.xml")
	if err := os.WriteFile(file, []byte(xml), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// within runs a shell script in a container.
func within(t testing.TB, name, text string) string {
	t.Helper()
	return strings.TrimSpace(run(t, "berthctl", "exec", name, "--", "/bin/sh", "-c", "{ "+text+"; } 2>&1 || true"))
}

// TestHotPlugDevice: a running container gets a device of the host, can use it at once, also after a restart of the
// daemon, and loses its node and the permission. A stop afterwards leaves nothing.
func TestHotPlugDevice(t *testing.T) {
	for kind, more := range map[string]string{"plain": "", "user namespace": idmap} {
		t.Run(kind, func(t *testing.T) {
			clean(t)
			dev := device(t, words(t, "mine"))
			g := sleeper(t, "web")
			g.More = more
			g.define(t)
			run(t, "berthctl", "start", "web")
			block, tun := xmlFile(t, storageXML(dev)), xmlFile(t, miscXML("/dev/net/tun"))
			use := "stat -c '%F %t:%T %a %u:%g' " + dev + "; head -c 4 " + dev
			run(t, "berthctl", "attach-device", "web", block)
			want := "block special file " + numbers(t, dev) + " 700 0:0\nmine"
			if got := within(t, "web", use); got != want {
				t.Errorf("attached: %q, want %q", got, want)
			}
			run(t, "berthctl", "attach-device", "web", tun, "--live", "--config")
			killDaemon(t)
			if got := within(t, "web", use+"; echo; dd if=/dev/net/tun count=1"); !strings.HasPrefix(got, want) || !strings.Contains(got, "File descriptor in bad state") {
				t.Errorf("after the daemon: %q", got)
			}
			if xml := run(t, "berthctl", "dumpxml", "web"); !strings.Contains(xml, "<alias name='hostdev1'/>") {
				t.Errorf("%s", xml)
			}
			run(t, "systemctl", "daemon-reload")
			if got := within(t, "web", use); got != want {
				t.Errorf("after a reload: %q, want %q", got, want)
			}
			// A node that is not ours shows whether the permission is gone, too.
			if err := unix.Mknod(filepath.Join(g.Root, "copy"), unix.S_IFBLK|0o666, deviceNumber(t, dev)); err != nil {
				t.Fatal(err)
			}
			run(t, "berthctl", "detach-device", "web", block)
			if got := within(t, "web", "ls "+dev+"; head -c 4 /copy"); strings.Contains(got, "mine") || !strings.Contains(got, dev+": No such file") {
				t.Errorf("detached: %q", got)
			}
			run(t, "berthctl", "detach-device-alias", "web", "hostdev1", "--live")
			if got := within(t, "web", "ls -d /dev/net"); !strings.Contains(got, "No such file") {
				t.Errorf("the directory of a node: %q", got)
			}
			if xml := run(t, "berthctl", "dumpxml", "web", "--inactive"); !strings.Contains(xml, "/dev/net/tun") || strings.Contains(xml, dev) {
				t.Errorf("%s", xml)
			}
			run(t, "berthctl", "reset", "web")
			run(t, "berthctl", "destroy", "web")
		})
	}
}

func deviceNumber(t testing.TB, dev string) int {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Stat(dev, &st); err != nil {
		t.Fatal(err)
	}
	return int(st.Rdev)
}

// TestHotPlugDisk: a running container gets a disk and loses it; the loop device of an image outlives the daemon, and
// goes with the disk. Nothing can change what it shows.
func TestHotPlugDisk(t *testing.T) {
	for kind, more := range map[string]string{"plain": "", "user namespace": idmap} {
		t.Run(kind, func(t *testing.T) {
			clean(t)
			first, second := words(t, "abcd"), words(t, "efgh")
			g := sleeper(t, "web")
			g.More, g.Devs = more, diskXML(first, "vda", "")
			g.define(t)
			run(t, "berthctl", "start", "web")
			run(t, "berthctl", "attach-disk", "web", second, "vdb", "--mode", "readonly", "--persistent")
			killDaemon(t)
			if got, want := within(t, "web", "head -c 4 /dev/vdb; echo x > /dev/vdb; losetup -d /dev/vdb"), "efgh"; !strings.HasPrefix(got, want) || !strings.Contains(got, "not permitted") {
				t.Errorf("attached: %q", got)
			}
			if got := within(t, "web", "head -c 4 /dev/vdb"); got != "efgh" {
				t.Errorf("after losetup -d: %q", got)
			}
			if got := run(t, "berthctl", "domblklist", "web", "--details"); !strings.Contains(got, "vdb") || !strings.Contains(got, second) {
				t.Errorf("%s", got)
			}
			if n := len(loops(t)); n != 2 {
				t.Errorf("%d loop devices", n)
			}
			run(t, "berthctl", "detach-disk", "web", "vda", "--persistent")
			if got := within(t, "web", "ls /dev/vda; head -c 4 /dev/vdb"); !strings.Contains(got, "/dev/vda: No such file") || !strings.HasSuffix(got, "efgh") {
				t.Errorf("detached: %q", got)
			}
			eventually(t, func() error {
				if n := len(loops(t)); n != 1 {
					return fmt.Errorf("%d loop devices", n)
				}
				return nil
			})
			run(t, "berthctl", "destroy", "web")
			unlooped(t)
			run(t, "berthctl", "start", "web")
			if got := within(t, "web", "ls /dev/vda; head -c 4 /dev/vdb"); !strings.Contains(got, "/dev/vda: No such file") || !strings.HasSuffix(got, "efgh") {
				t.Errorf("the next run: %q", got)
			}
			run(t, "berthctl", "destroy", "web")
			unlooped(t)
		})
	}
}

// TestHotPlugRefused: what cannot be is an error that names the element, and nothing is left.
func TestHotPlugRefused(t *testing.T) {
	clean(t)
	image := words(t, "abcd")
	g := sleeper(t, "web")
	g.Devs = diskXML(image, "vda", "")
	g.define(t)
	refused := func(want string, args ...string) {
		t.Helper()
		if r := try(t, "berthctl", args...); r.Status != 1 || !strings.Contains(r.Err, want) {
			t.Errorf("%q: %+v, want %s", args, r, want)
		}
	}
	tun := xmlFile(t, miscXML("/dev/net/tun"))
	refused("domain is not running", "attach-device", "web", tun, "--live")
	run(t, "berthctl", "start", "web")
	before := run(t, "systemctl", "show", "-p", "DeviceAllow", info(t, "web").Unit)
	refused("hostdev: the container has no such device: source '/dev/net/tun'", "detach-device", "web", tun)
	refused("hostdev/source/char: the host has no device /dev/none", "attach-device", "web", xmlFile(t, miscXML("/dev/none")))
	refused("disk/target@dev: the container's /dev/vda is taken", "attach-disk", "web", words(t, "x"), "vda")
	refused("disk/source@file: "+image+": it is in use by a container", "attach-disk", "web", image, "vdb")
	refused("no disk found whose source path or target is vdz", "detach-disk", "web", "vdz")
	refused("alias 'disk7': the container has no device with this alias", "detach-device-alias", "web", "disk7")
	within(t, "web", "mkdir -p /dev/net; touch /dev/net/tun")
	refused("the container has a file there", "attach-device", "web", tun)
	if after := run(t, "systemctl", "show", "-p", "DeviceAllow", info(t, "web").Unit); after != before {
		t.Errorf("allowed before %s, after %s", before, after)
	}
	if got := within(t, "web", "ls /dev/vd* /dev/net"); got != "/dev/vda\n\n/dev/net:\ntun" {
		t.Errorf("%q", got)
	}
	run(t, "berthctl", "destroy", "web")
	unlooped(t)
}

// plugPoints are those between two steps of a change of a disk.
var plugPoints = []string{"image", "permission", "node", "definition", "state"}

// TestDaemonDiesWhilePlugging: a daemon that is killed between any two steps of a change leaves nothing half done: the
// next one takes back what was being attached, and ends what was being detached. The container does not notice.
func TestDaemonDiesWhilePlugging(t *testing.T) {
	variant(t, "bin/berthd-faultpoint")
	for kind, more := range map[string]string{"plain": "", "user namespace": idmap} {
		for _, verb := range []string{"attach", "detach"} {
			for _, point := range plugPoints {
				t.Run(kind+" "+verb+" "+point, func(t *testing.T) {
					clean(t)
					second := words(t, "efgh")
					g := sleeper(t, "web")
					g.More, g.Devs = more, diskXML(words(t, "abcd"), "vda", "")
					g.define(t)
					run(t, "berthctl", "start", "web")
					leader := info(t, "web").Leader
					args := []string{"attach-disk", "web", second, "vdb", "--persistent"}
					if verb == "detach" {
						run(t, "berthctl", args...)
						args = []string{"detach-disk", "web", "vdb", "--persistent"}
					}
					if err := os.WriteFile(faultFile, []byte("kill "+verb+" "+point+"\n"), 0o600); err != nil {
						t.Fatal(err)
					}
					try(t, "berthctl", args...)
					if exists(faultFile) {
						t.Fatalf("the point %q was not reached", point)
					}
					eventually(t, func() error {
						got := within(t, "web", "ls /dev/vdb") + run(t, "berthctl", "dumpxml", "web") + run(t, "berthctl", "dumpxml", "web", "--inactive")
						if !strings.Contains(got, "/dev/vdb: No such file") || strings.Contains(got, second) {
							return errors.New(got)
						}
						if n := len(loops(t)); n != 1 {
							return fmt.Errorf("%d loop devices", n)
						}
						return nil
					})
					if info(t, "web").Leader != leader {
						t.Error("it has another init")
					}
					run(t, "berthctl", "attach-disk", "web", second, "vdb", "--persistent")
					if got := within(t, "web", "head -c 4 /dev/vdb"); got != "efgh" {
						t.Errorf("attached again: %q", got)
					}
					run(t, "berthctl", "destroy", "web")
					unlooped(t)
				})
			}
		}
	}
}

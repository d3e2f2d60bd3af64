//go:build nest

package nest

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// otherHost makes files of another manager on the host, which go with the test. All of a directory that it makes goes.
func otherHost(t *testing.T, files map[string]string) {
	t.Helper()
	for name, text := range files {
		for dir := filepath.Dir(name); ; dir = filepath.Dir(dir) {
			if _, err := os.Lstat(filepath.Dir(dir)); err == nil {
				if _, err := os.Lstat(dir); err != nil {
					t.Cleanup(func() { _ = os.RemoveAll(dir) })
				}
				break
			}
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		write := func() error { return os.WriteFile(name, []byte(text), 0o600) }
		if to, link := strings.CutPrefix(text, "-> "); link {
			write = func() error { return os.Symlink(to, name) }
		}
		if err := write(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Remove(name) })
	}
}

// inMemory mounts a tmpfs on a directory for the time of the test: owners of its files can be mapped.
func inMemory(t *testing.T, dir string) {
	t.Helper()
	if _, err := os.Lstat(dir); err != nil {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Remove(dir) })
	}
	run(t, "mount", "-t", "tmpfs", "-o", "mode=755", "none", dir)
	t.Cleanup(func() { run(t, "umount", "-l", dir) })
}

// busyboxAt copies a root directory with busybox, whose init sleeps, to a path.
func busyboxAt(t *testing.T, dir string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	run(t, "cp", "-a", busybox(t), dir)
	if err := os.MkdirAll(filepath.Join(dir, "sbin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "sbin/init"), []byte("#!/bin/sh\nexec /bin/sleep 100000\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

// fingerprint is what is in directories: names, owners, modes and contents.
func fingerprint(t *testing.T, dirs ...string) string {
	t.Helper()
	sum := sha256.New()
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := e.Info()
			if err != nil {
				return err
			}
			fmt.Fprintln(sum, name, info.Mode(), info.ModTime().UnixNano(), info.Sys().(*syscall.Stat_t).Uid)
			if !info.Mode().IsRegular() {
				return nil
			}
			text, err := os.ReadFile(name)
			_, _ = sum.Write(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return fmt.Sprintf("%x", sum.Sum(nil))
}

// brings imports from a source: the preview changes nothing, the import makes what is expected, and a second one finds
// it. The source stays as it was.
func brings(t *testing.T, source string, status int, expected, dirs []string) {
	t.Helper()
	before := fingerprint(t, dirs...)
	stored := run(t, "berthctl", "list", "--all", "--name")
	preview := try(t, "berthctl", "import", source, "--dry-run")
	if preview.Status != status || run(t, "berthctl", "list", "--all", "--name") != stored {
		t.Fatalf("the preview: %+v", preview)
	}
	for _, name := range expected {
		t.Cleanup(func() { try(t, "berthctl", "destroy", name); try(t, "berthctl", "undefine", name) })
	}
	first := try(t, "berthctl", "import", source, "--yes")
	shown, _, counted := strings.Cut(preview.Out, " to import.")
	if first.Status != status || !counted || !strings.HasPrefix(first.Out, shown[:strings.LastIndex(shown, "\n")]) {
		t.Fatalf("%+v, after the preview %s", first, preview.Out)
	}
	second := try(t, "berthctl", "import", source, "--yes")
	for _, name := range expected {
		if !strings.Contains(first.Out, "Container '"+name+"' imported from ") || !strings.Contains(second.Out, "container '"+name+"' from ") {
			t.Errorf("%s: %s\n%s", name, first.Out, second.Out)
		}
	}
	if got := strings.Count(second.Out, "is there already, the same"); got < len(expected) || strings.Contains(second.Out, "imported from") {
		t.Errorf("the second time: %s", second.Out)
	}
	if got := fingerprint(t, dirs...); got != before {
		t.Errorf("%s has changed", source)
	}
}

// TestImportLibvirt: a container and a network of libvirt's are brought with their uuids and autostart, the container
// runs in its network, one that cannot be brought leaves nothing, and a definition that differs stays until it is
// replaced.
func TestImportLibvirt(t *testing.T) {
	clean(t)
	inMemory(t, "/srv")
	busyboxAt(t, "/srv/web")
	const uuid = "6695eb01-f6a4-8304-79aa-97f2502e1901"
	domain := "<!--\nWARNING: THIS IS AN AUTO-GENERATED FILE.\n  virsh edit web\n-->\n\n<domain type='lxc'>\n  <name>web</name>\n  <uuid>" + uuid + "</uuid>\n" +
		"  <memory unit='KiB'>65536</memory>\n  <os>\n    <type>exe</type>\n    <init>/sbin/init</init>\n  </os>\n  <devices>\n    <emulator>/usr/lib/libvirt/libvirt_lxc</emulator>\n" +
		"    <filesystem type='mount' accessmode='passthrough'>\n      <source dir='/srv/web'/>\n      <target dir='/'/>\n    </filesystem>\n" +
		"    <interface type='network'>\n      <mac address='52:54:00:5d:1d:01'/>\n      <source network='old'/>\n      <ip address='10.77.0.9' prefix='24'/>\n    </interface>\n" +
		"    <console type='pty'>\n      <target type='lxc' port='0'/>\n    </console>\n  </devices>\n</domain>\n"
	otherHost(t, map[string]string{
		"/etc/libvirt/lxc/web.xml":                     domain,
		"/etc/libvirt/lxc/bad.xml":                     strings.NewReplacer(">web<", ">bad<", uuid, "6695eb01-f6a4-8304-79aa-97f2502e1902", "type='mount'", "type='template'").Replace(domain),
		"/etc/libvirt/lxc/autostart/web.xml":           "-> /etc/libvirt/lxc/web.xml",
		"/etc/libvirt/lxc.conf":                        "security_default_confined = 1\n",
		"/etc/libvirt/qemu/networks/old.xml":           "<network>\n  <name>old</name>\n  <forward mode='nat'/>\n  <bridge name='virbr7'/>\n  <ip address='10.77.0.1' prefix='24'>\n    <tftp root='/srv'/>\n  </ip>\n</network>\n",
		"/etc/libvirt/qemu/networks/autostart/old.xml": "-> /etc/libvirt/qemu/networks/old.xml",
	})
	t.Cleanup(func() {
		for _, name := range []string{"old", "default"} { // Debian's packages of libvirt have a default one
			try(t, "berthctl", "net-destroy", name)
			try(t, "berthctl", "net-undefine", name)
		}
	})
	brings(t, "libvirt", 1, []string{"web"}, []string{"/etc/libvirt", "/srv/web"})
	if got := run(t, "berthctl", "domuuid", "web"); strings.TrimSpace(got) != uuid {
		t.Errorf("the uuid is %s", got)
	}
	for what, list := range map[string]string{"web": run(t, "berthctl", "list", "--all", "--autostart", "--name"), "old": run(t, "berthctl", "net-list", "--all", "--autostart", "--name")} {
		if !strings.Contains(list, what) {
			t.Errorf("%s does not start with the host: %s", what, list)
		}
	}
	if list := run(t, "berthctl", "list", "--all", "--name"); strings.Contains(list, "bad") {
		t.Errorf("the one that cannot be brought has left something: %s", list)
	}
	run(t, "berthctl", "net-start", "old")
	run(t, "berthctl", "start", "web")
	if got := run(t, "berthctl", "exec", "web", "--", "/bin/cat", "/etc/os-release"); !strings.Contains(got, "ID=busybox") {
		t.Errorf("inside: %s", got)
	}
	run(t, "ping", "-c1", "-W60", "10.77.0.9")

	run(t, "berthctl", "setmaxmem", "web", "128M", "--config")
	if r := try(t, "berthctl", "import", "libvirt", "web", "--yes"); r.Status != 0 || !strings.Contains(r.Out, "+   <memory unit='KiB'>65536</memory>") || !strings.Contains(r.Out, "0 containers to import.") {
		t.Errorf("%+v", r)
	}
	run(t, "berthctl", "import", "libvirt", "web", "--yes", "--replace")
	if got := run(t, "berthctl", "dumpxml", "web", "--inactive"); !strings.Contains(got, ">65536</memory>") {
		t.Error(got)
	}
}

// TestImportLXC: a container of LXC's is brought with what its configuration includes, under the name of its directory,
// and runs.
func TestImportLXC(t *testing.T) {
	clean(t)
	inMemory(t, "/var/lib/lxc")
	busyboxAt(t, "/var/lib/lxc/mail/rootfs")
	if err := os.WriteFile("/var/lib/lxc/mail/shared.conf", []byte("lxc.environment = COLOUR=red\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"mail":   "lxc.include = /var/lib/lxc/mail/shared.conf\nlxc.rootfs.path = dir:/var/lib/lxc/mail/rootfs\nlxc.uts.name = mail.example.org\nlxc.start.auto = 1\nlxc.net.0.type = empty\nlxc.hook.start = /bin/true\n",
		"broken": "lxc.rootfs.path\n",
	} {
		if err := os.MkdirAll("/var/lib/lxc/"+name, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("/var/lib/lxc/"+name+"/config", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	brings(t, "lxc", 1, []string{"mail"}, []string{"/var/lib/lxc"})
	if list := run(t, "berthctl", "list", "--all", "--name"); strings.Contains(list, "broken") {
		t.Errorf("the one that cannot be brought has left something: %s", list)
	}
	run(t, "berthctl", "start", "mail")
	if got := run(t, "berthctl", "exec", "mail", "--", "/bin/cat", "/proc/1/environ"); !strings.Contains(got, "COLOUR=red") {
		t.Errorf("inside: %q", got)
	}
	if got := run(t, "berthctl", "list", "--all", "--autostart", "--name"); !strings.Contains(got, "mail") {
		t.Errorf("it does not start with the host: %s", got)
	}
}

// TestImportNspawn: containers of systemd-nspawn's are brought with their settings, or with its defaults: each runs
// with users and a network of its own, and a tree that belongs to a range of ids keeps that range.
func TestImportNspawn(t *testing.T) {
	clean(t)
	inMemory(t, "/var/lib/machines")
	inMemory(t, "/etc/systemd/nspawn") // other tests may have settings there
	busyboxAt(t, "/var/lib/machines/plain")
	busyboxAt(t, "/var/lib/machines/build")
	if err := os.WriteFile("/etc/systemd/nspawn/build.nspawn", []byte("[Exec]\nBoot=no\nParameters=/bin/sleep \"100000\"\nPrivateUsers=no\nEnvironment=COLOUR=blue\nTimezone=bind\n[Network]\nVirtualEthernet=no\nPrivate=yes\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	otherHost(t, map[string]string{
		"/etc/systemd/system/machines.target.wants/systemd-nspawn@build.service": "-> /usr/lib/systemd/system/systemd-nspawn@.service",
		"/etc/systemd/system/systemd-nspawn@build.service.d/built.conf":          "[Service]\nSlice=machine-built.slice\n", // a nest has no controllers for limits
	})
	brings(t, "nspawn", 0, []string{"build", "plain"}, []string{"/etc/systemd/nspawn", "/var/lib/machines"})
	if got := run(t, "berthctl", "list", "--all", "--autostart", "--name"); !strings.Contains(got, "build") || strings.Contains(got, "plain") {
		t.Errorf("with the host start %s", got)
	}
	run(t, "berthctl", "start", "build")
	if got := run(t, "berthctl", "exec", "build", "--", "/bin/cat", "/proc/1/environ"); !strings.Contains(got, "COLOUR=blue") {
		t.Errorf("inside: %q", got)
	}
	t.Cleanup(func() { run(t, "systemctl", "stop", "machine-built.slice") }) // systemd keeps a slice that is empty
	unit := strings.TrimSpace(run(t, "machinectl", "show", "build", "-p", "Unit", "--value"))
	if got := run(t, "systemctl", "show", unit, "-p", "Slice"); got != "Slice=machine-built.slice" {
		t.Errorf("the scope: %q", got)
	}
	run(t, "berthctl", "start", "plain")
	if got := run(t, "berthctl", "exec", "plain", "--", "/bin/cat", "/proc/net/dev", "/proc/self/uid_map"); !strings.Contains(got, "host0:") || strings.Contains(got, "4294967295") {
		t.Errorf("inside: %s", got)
	}
	if got := run(t, "ip", "-o", "link"); !strings.Contains(got, "ve-plain") {
		t.Errorf("the host's links: %s", got)
	}

	run(t, "chown", "-R", "655360:655360", "/var/lib/machines/build")
	run(t, "rm", "/etc/systemd/nspawn/build.nspawn")
	if r := try(t, "berthctl", "import", "nspawn", "build", "--json", "--dry-run"); r.Status != 0 || !strings.Contains(r.Out, "target='655360'") || !strings.Contains(r.Out, `"differs"`) || strings.Contains(r.Out, "shifted") {
		t.Errorf("%+v", r)
	}
	run(t, "chown", "-R", "0:0", "/var/lib/machines/build/etc")
	if r := try(t, "berthctl", "import", "nspawn", "build", "--dry-run"); !strings.Contains(r.Out, "is shifted in part: / belongs to 655360, and /etc to 0; before berthctl unshift, stop whatever uses it") {
		t.Errorf("%+v", r)
	}
}

// TestImportRunning: a container that runs under its manager is told to go on there, and how to move it, as is one that
// the manager starts with the host.
func TestImportRunning(t *testing.T) {
	clean(t)
	inMemory(t, "/var/lib/lxc")
	inMemory(t, "/var/lib/machines")
	inMemory(t, "/etc/systemd/nspawn")
	for _, dir := range []string{"/var/lib/lxc/mail", "/var/lib/machines/build"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	otherHost(t, map[string]string{
		"/etc/libvirt/lxc/web.xml": "<domain type='lxc'><name>web</name><memory>65536</memory><os><type>exe</type><init>/sbin/init</init></os></domain>",
		"/run/libvirt/lxc/web.pid": fmt.Sprint(os.Getpid()),
		"/var/lib/lxc/mail/config": "lxc.rootfs.path = /var/lib/lxc/mail\nlxc.start.auto = 1\n",
	})
	socket, err := net.Listen("unix", "@/var/lib/lxc/mail/command") // as lxc-start has it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() })
	root := busybox(t)
	if err := os.Mkdir(root+"/usr", 0o755); err != nil { // without it systemd-nspawn refuses the root
		t.Fatal(err)
	}
	startNspawn(t, root, "build")
	for source, want := range map[string]string{
		"libvirt": "it runs under libvirt, and goes on there: virsh -c lxc:/// shutdown web, and then berthctl start web",
		"lxc":     "it runs under lxc, and goes on there: lxc-stop -P /var/lib/lxc -n mail, and then berthctl start mail",
		"nspawn":  "it runs under nspawn, and goes on there: machinectl poweroff build, and then berthctl start build",
	} {
		if r := try(t, "berthctl", "import", source, "--dry-run"); r.Status != 0 || !strings.Contains(r.Out, want) {
			t.Errorf("%s: %+v", source, r)
		}
	}
	if r := try(t, "berthctl", "import", "lxc", "--dry-run"); !strings.Contains(r.Out, "lxc starts it with the host, too: lxc.start.auto = 0 in /var/lib/lxc/mail/config") {
		t.Errorf("%+v", r)
	}
}

// TestImportNeedsRights: a user who may not read the files of another manager is told so.
func TestImportNeedsRights(t *testing.T) {
	clean(t)
	otherHost(t, map[string]string{"/etc/libvirt/lxc/web.xml": "<domain/>"})
	run(t, "chmod", "700", "/etc/libvirt/lxc")
	t.Cleanup(func() { _ = os.Chmod("/etc/libvirt/lxc", 0o755) })
	r := try(t, "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "berthctl", "import", "libvirt", "--dry-run")
	if r.Status != 1 || !strings.Contains(r.Err, "/etc/libvirt/lxc: permission denied") || !strings.Contains(r.Err, "try again as root") {
		t.Errorf("%+v", r)
	}
}

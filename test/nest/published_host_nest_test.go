//go:build nest

package nest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// publishedHost is what a host has on which people publish configurations: bridges, links, devices and directories.
func publishedHost(t *testing.T) {
	t.Helper()
	netHost(t)
	for path, text := range map[string]string{
		"/srv/media/films/film": "film", "/srv/media/incoming/new": "new", "/srv/smb.conf": "[share]", "/srv/docker/volume": "volume",
		"/srv/portage/profile": "profile", "/srv/distfiles/tar": "tar", "/srv/render/job": "job", "/srv/textfile/figures": "figures",
	} {
		published(t, path, text, 0o644)
	}
	run(t, "chown", "-R", "1000:1000", "/srv/render")
	if err := os.MkdirAll("/tmp/.X11-unix", 0o755); err != nil {
		t.Fatal(err)
	}
	for path, numbers := range map[string][]string{
		"/dev/dri/card0": {"226", "0"}, "/dev/dri/renderD128": {"226", "128"}, "/dev/ttyUSB0": {"188", "0"},
		"/dev/snd/controlC0": {"116", "0"}, "/dev/snd/pcmC0D0p": {"116", "16"},
	} {
		if exists(path) {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		run(t, "mknod", path, "c", numbers[0], numbers[1])
		t.Cleanup(func() { _ = os.Remove(path) })
	}
	bridge(t, "br0", "192.168.60.1/24", "2001:db8:60::1/64")
	bridge(t, "br-lan", "192.168.61.254/24", "2001:db8:61::254/64")
	bridge(t, "virbr0", "192.168.122.1/24")
	bridge(t, "vmbr0", "172.20.0.1/16")
	publishedWire(t, "enp3s0", "02:00:00:00:00:03", "192.168.178.1/24") // the home's network
	publishedWire(t, "enp4s0.30", "02:00:00:00:00:04", "10.30.0.1/24")  // a VLAN: this kernel may have none, a veth is as good a link
	publishedWire(t, "enp5s0", "02:00:00:00:00:05", "10.50.0.1/24")
	run(t, "ip", "route", "add", "203.0.113.40/32", "dev", "br0")
	defineNet(t, "lxc", "<forward mode='nat'/><bridge name='lxcbr0'/><ip address='10.0.3.1' prefix='24'><dhcp><range start='10.0.3.2' end='10.0.3.254'/></dhcp></ip>")
	run(t, "berthctl", "net-start", "lxc")
}

// publishedWire makes a link of the host whose other end is a host of its own, with an address.
func publishedWire(t *testing.T, name, mac, address string) {
	t.Helper()
	other := namespace(t, name, "address", mac)
	other.run("ip", "addr", "add", address, "dev", "eth0")
}

// published writes a file with its directories.
func published(t testing.TB, path, text string, mode os.FileMode) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), mode)); err != nil {
		t.Fatal(err)
	}
}

// publishedMounts gives directories that a user's configuration names a file system whose owners can be mapped: that of
// a nest's root cannot. LXC's own files are those of the converter's tests.
func publishedMounts(t *testing.T) {
	t.Helper()
	for _, dir := range []string{"/var/lib/lxc", "/home", "/srv", "/usr/share/lxc"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		run(t, "mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", dir)
		t.Cleanup(func() { unmount(t, dir) })
	}
	run(t, "cp", "-a", "../../internal/lxcconf/testdata/files/lxc/.", "/usr/share/lxc")
}

// withoutControllers takes out the limits of control groups that this host has no controller for: their start is
// refused.
func withoutControllers(t testing.TB, text string) string {
	t.Helper()
	has, err := os.ReadFile("/sys/fs/cgroup/cgroup.controllers")
	if err != nil {
		t.Fatal(err)
	}
	var kept []string
	for line := range strings.Lines(text) {
		key, _, _ := strings.Cut(line, "=")
		words := strings.SplitN(strings.TrimSpace(key), ".", 4)
		if len(words) == 4 && (words[1] == "cgroup" || words[1] == "cgroup2") && words[2] != "devices" && words[2] != "dir" && !strings.Contains(string(has), words[2]) {
			line = "\n"
		}
		kept = append(kept, line)
	}
	return strings.Join(kept, "")
}

// publishedRoot makes the root that a definition names.
func publishedRoot(t *testing.T, box, root string, dhcp bool) {
	t.Helper()
	dir := root
	if filepath.Base(root) == "rootdev" {
		dir = filepath.Join(t.TempDir(), "root")
	}
	if err := os.MkdirAll(filepath.Dir(root), 0o755); err != nil {
		t.Fatal(err)
	}
	run(t, "cp", "-a", box, dir)
	published(t, filepath.Join(dir, "sbin/init"), publishedInit, 0o755)
	published(t, filepath.Join(dir, "etc/lease"), onLease, 0o755)
	if dhcp {
		published(t, filepath.Join(dir, "etc/dhcp"), "", 0o644)
	}
	if dir != root {
		run(t, "truncate", "-s", "16M", root)
		run(t, "mkfs.ext4", "-q", "-d", dir, root)
	}
}

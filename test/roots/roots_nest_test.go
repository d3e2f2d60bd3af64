//go:build nest

package roots

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/berthd/berth/test/rig/command"
)

const patience = 5 * time.Minute // for a Debian that boots on a busy machine

// host prepares the nest as the page expects it: with a /var/lib/machines whose owners can be mapped, which that of a
// nest's root cannot, and with a systemd-networkd that waits for no udev.
func host(t *testing.T) {
	t.Helper()
	text := `mkdir -p /var/lib/machines
mount -t tmpfs -o mode=700 tmpfs /var/lib/machines
mkdir -p /run/systemd/system/systemd-networkd.service.d
printf '[Service]\nReadOnlyPaths=/sys\n' > /run/systemd/system/systemd-networkd.service.d/nest.conf
systemctl daemon-reload
rm -f /etc/libvirt/qemu/networks/default.xml # the default network of a libvirt on the machine
`
	if _, err := shell(t, "", text); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		command.Try(t, "berthctl", "net-destroy", "default")
		command.Run(t, "umount", "/var/lib/machines")
	})
}

// archive is the path of a root directory's archive.
func archive(t *testing.T, name string) string {
	t.Helper()
	for path := range strings.FieldsSeq(os.Getenv(archives)) {
		if strings.HasPrefix(filepath.Base(path), name+"-") {
			return path
		}
	}
	t.Fatalf("no archive of %s in %q", name, os.Getenv(archives))
	return ""
}

// unpack puts a root directory where its tool has put it outside.
func unpack(t *testing.T, name string) {
	t.Helper()
	dir := filepath.Join("/var/lib/machines", name)
	command.Run(t, "mkdir", dir)
	command.Run(t, "tar", "-C", dir, "--numeric-owner", "-xpf", archive(t, name))
}

// definition is what the test needs to know of an example.
type definition struct {
	Name    string     `xml:"name"`
	Network []struct{} `xml:"devices>interface"`
	Mapped  []struct{} `xml:"container>idmap"`
	Filter  []struct{} `xml:"container>seccomp"`
	Root    struct {
		Dir string `xml:"dir,attr"`
	} `xml:"devices>filesystem>source"`
}

func read(t *testing.T, name string) (d definition) {
	t.Helper()
	text, err := os.ReadFile("../../examples/" + name + ".xml")
	if err == nil {
		err = xml.Unmarshal(text, &d)
	}
	if err != nil || d.Name != name || d.Root.Dir != "/var/lib/machines/"+name {
		t.Fatalf("%s: %v, %+v", name, err, d)
	}
	return d
}

// eventually waits until a command prints a text.
func eventually(t *testing.T, want string, words ...string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		got := command.Try(t, words[0], words[1:]...)
		if strings.Contains(got.Out, want) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%q: %+v; want %q", words, got, want)
		}
	}
}

// TestRoots: each definition of examples/ starts from a root directory that its own tool has made, or from an archive
// of one, with the commands of docs/getting-started.md as they are printed. Its systemd comes up without a failed unit,
// and it has the network, the users and the filter of its definition.
func TestRoots(t *testing.T) {
	host(t)
	seen := []string{"debootstrap"} // TestGettingStarted has it
	for name, get := range map[string]func(t *testing.T){
		"mmdebstrap": func(t *testing.T) { unpack(t, "mmdebstrap") },
		"mkosi":      func(t *testing.T) { unpack(t, "mkosi") },
		"machinectl": func(t *testing.T) {
			command.Run(t, "cp", archive(t, "archive"), "/var/lib/machines/debian.tar.xz")
			does(t, "machinectl", "import")
		},
		"lxc-image": func(t *testing.T) {
			packed := "../../rootfs.tar.xz" // where the page's commands run
			command.Run(t, "cp", archive(t, "archive"), packed)
			t.Cleanup(func() { _ = os.Remove(packed) })
			does(t, "lxc-image", "image")
		},
	} {
		seen = append(seen, name)
		t.Run(name, func(t *testing.T) { life(t, name, get) })
	}
	files, err := filepath.Glob("../../examples/*.xml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".xml")
		if !slices.Contains(seen, name) && name != "busybox" && !strings.HasPrefix(name, "vm1-") {
			t.Errorf("no test starts %s", file)
		}
	}
}

// life takes the container of an example through its life.
func life(t *testing.T, name string, get func(*testing.T)) {
	t.Helper()
	d := read(t, name)
	get(t)
	does(t, name, "prepare")
	t.Cleanup(func() {
		command.Try(t, "berthctl", "destroy", name)
		command.Try(t, "berthctl", "undefine", name)
		command.Try(t, "berthctl", "net-destroy", "default") // the block starts it
	})
	does(t, name, "start", "Domain '"+name+"' started")
	does(t, name, "look", name+"\n", "running\n", "Debian GNU/Linux 12", "0 loaded units listed")
	if inside := does(t, name, "users", "RootDirectory="+d.Root.Dir); (len(d.Mapped) > 0) == regexp.MustCompile(`(?m)^ +0 +0 +4294967295$`).MatchString(inside) {
		t.Errorf("the map of ids is that of %s", inside)
	}
	filter := command.Run(t, "berthctl", "exec", name, "--", "grep", "Seccomp:", "/proc/1/status")
	if (len(d.Filter) > 0) != strings.Contains(filter, "2") {
		t.Errorf("the filter of system calls: %s", filter)
	}
	if len(d.Network) > 0 {
		eventually(t, "ipv4", "berthctl", "domifaddr", name)
		does(t, name, "network", "192.168.179.", " 0% packet loss", "routable")
	} else if links := command.Run(t, "berthctl", "exec", name, "--", "ls", "/sys/class/net"); links != "lo" {
		t.Errorf("it has the links %q", links)
	}
	does(t, name, "end", "shut off")
	does(t, name, "remove")
	if _, err := os.Stat(d.Root.Dir); err == nil {
		t.Error("its root directory is there still")
	}
}

//go:build nest

package poweroff

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/berthd/berth/test/guest"
	"github.com/berthd/berth/test/rig/command"
)

const nest = "../rig/nest"

// definition has the words of init in the place of SCRIPT.
const definition = `<domain type='lxc'><name>NAME</name><memory unit='MiB'>64</memory>
<os><type>exe</type><init>/bin/sh</init><initarg>-c</initarg><initarg>SCRIPT</initarg></os>
<devices><filesystem type='mount'><source dir='/run/nest/out'/><target dir='/mnt'/></filesystem></devices></domain>`

// systemd is a container with systemd as init, whose root lies in the shared directory.
const systemd = `<domain type='lxc'><name>systemd</name><memory unit='MiB'>64</memory>
<os><type>exe</type><init>/usr/lib/systemd/systemd</init><initarg>--unit=basic.target</initarg></os>
<devices><filesystem type='mount'><source dir='/run/nest/out/systemd'/><target dir='/'/></filesystem>
<filesystem type='mount'><source dir='/usr'/><target dir='/usr'/><readonly/></filesystem></devices></domain>`

// install installs Berth below a directory.
func install(t *testing.T) (tree string) {
	t.Helper()
	tree = t.TempDir()
	cmd := exec.Command("make", "--no-print-directory", "--silent", "-C", "../..", "install", "DESTDIR="+tree, "PREFIX=/usr", "SYSCONFDIR=/etc")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make install: %v: %s", err, out)
	}
	return tree
}

// TestPowerOff: the host's shutdown asks each init to end and waits for it, with the daemon and without one.
func TestPowerOff(t *testing.T) {
	tree := install(t)
	for name, before := range map[string]string{"with the daemon": "true", "without": "systemctl mask --runtime --now berthd"} {
		t.Run(name, func(t *testing.T) { powerOff(t, tree, before) })
	}
}

// host boots a host with Berth. It returns the host's name and the directory that it shares.
func host(t *testing.T, tree string) (name, out string) {
	t.Helper()
	t.Setenv("RIG_STATE", t.TempDir())
	name = "poweroff-" + strconv.Itoa(os.Getpid())
	command.Run(t, nest, "up", "--until", strconv.Itoa(os.Getpid()), "--tree", tree, name)
	t.Cleanup(func() { _ = exec.Command(nest, "down", name).Run() })
	return name, filepath.Join(os.Getenv("RIG_STATE"), name, "out")
}

func powerOff(t *testing.T, tree, before string) {
	name, out := host(t, tree)
	// The files of the nest are gone when it ends, but who has the pipe open reads what was written.
	pipe := filepath.Join(out, "said")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	said, err := os.OpenFile(pipe, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	const script = `trap 'echo asked >/mnt/said; sleep 0.5; echo over >/mnt/said; exit' TERM; touch /mnt/up; while :; do sleep 0.05; done`
	text := strings.NewReplacer("NAME", "web", "SCRIPT", strings.ReplaceAll(script, ">", "&gt;")).Replace(definition)
	if err := os.WriteFile(filepath.Join(out, "web.xml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	command.Run(t, nest, "exec", name, "sh", "-ec", "berthctl create /run/nest/out/web.xml; until [ -e /run/nest/out/up ]; do sleep 0.05; done; "+before)
	command.Run(t, nest, "exec", name, "systemctl", "poweroff", "--no-block")
	gone(t, filepath.Dir(out))
	_ = said.SetReadDeadline(time.Now().Add(time.Minute))
	words := make([]byte, len("asked\nover\n"))
	if n, err := io.ReadFull(said, words); err != nil || string(words) != "asked\nover\n" {
		t.Errorf("init said %q: %v", words[:n], err)
	}
}

// gone waits for the end of a nest.
func gone(t *testing.T, dir string) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if _, err := os.Stat(dir); err != nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the host is still there")
		}
	}
}

// TestPowerOffWithSystemd: the journal of a systemd guest shows an orderly end when the host powers off.
func TestPowerOffWithSystemd(t *testing.T) {
	tree := install(t)
	for title, before := range map[string]string{"with the daemon": "true", "without": "systemctl mask --runtime --now berthd"} {
		t.Run(title, func(t *testing.T) {
			name, out := host(t, tree)
			root := filepath.Join(out, "systemd")
			if err := guest.Systemd(root); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(out, "systemd.xml"), []byte(systemd), 0o600); err != nil {
				t.Fatal(err)
			}
			command.Run(t, nest, "exec", name, "sh", "-ec", "berthctl create /run/nest/out/systemd.xml; "+
				"until berthctl exec systemd -- test -e /run/systemd/private -a -e /run/systemd/journal/flushed; do sleep 0.05; done; "+before)
			kept := filepath.Join(t.TempDir(), "system.journal") // the files of the nest go with it
			if err := os.Link(guest.Journal(root), kept); err != nil {
				t.Fatal(err)
			}
			command.Run(t, nest, "exec", name, "systemctl", "poweroff", "--no-block")
			gone(t, filepath.Dir(out))
			if err := guest.CleanEnd(kept); err != nil {
				t.Error(err)
			}
		})
	}
}

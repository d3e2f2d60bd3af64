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

	"github.com/berthd/berth/test/rig/command"
)

const nest = "../rig/nest"

// definition has the words of init in the place of SCRIPT.
const definition = `<domain type='lxc'><name>NAME</name><memory unit='MiB'>64</memory>
<os><type>exe</type><init>/bin/sh</init><initarg>-c</initarg><initarg>SCRIPT</initarg></os>
<devices><filesystem type='mount'><source dir='/run/nest/out'/><target dir='/mnt'/></filesystem></devices></domain>`

// TestPowerOff: the host's shutdown asks each init to end and waits for it, with the daemon and without one.
func TestPowerOff(t *testing.T) {
	tree := t.TempDir()
	install := exec.Command("make", "--no-print-directory", "--silent", "-C", "../..", "install", "DESTDIR="+tree, "PREFIX=/usr", "SYSCONFDIR=/etc")
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("make install: %v: %s", err, out)
	}
	for name, before := range map[string]string{"with the daemon": "true", "without": "systemctl mask --runtime --now berthd"} {
		t.Run(name, func(t *testing.T) { powerOff(t, tree, before) })
	}
}

func powerOff(t *testing.T, tree, before string) {
	t.Setenv("RIG_STATE", t.TempDir())
	name := "poweroff-" + strconv.Itoa(os.Getpid())
	command.Run(t, nest, "up", "--until", strconv.Itoa(os.Getpid()), "--tree", tree, name)
	t.Cleanup(func() { _ = exec.Command(nest, "down", name).Run() })
	out := filepath.Join(os.Getenv("RIG_STATE"), name, "out")
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
	_ = said.SetReadDeadline(time.Now().Add(time.Second))
	words := make([]byte, len("asked\nover\n"))
	if n, err := io.ReadFull(said, words); err != nil || string(words) != "asked\nover\n" {
		t.Errorf("init said %q: %v", words[:n], err)
	}
}

// gone waits for the end of a nest.
func gone(t *testing.T, dir string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if _, err := os.Stat(dir); err != nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the host is still there")
		}
	}
}

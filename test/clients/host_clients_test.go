//go:build clients

package clients

import (
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/berthd/berth/test/rig/command"
)

const (
	patience = 2 * time.Minute       // for what should take milliseconds
	pulse    = 20 * time.Millisecond // between two looks
)

var (
	try = command.Try
	run = command.Run
)

// shell runs a script of bash, which must succeed, and gives what it printed.
func shell(t testing.TB, script string) string {
	t.Helper()
	return run(t, "bash", "-euo", "pipefail", "-c", script)
}

// eventually waits until a condition holds, and fails the test with its last answer when it does not.
func eventually(t testing.TB, condition func() error) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(pulse) {
		err := condition()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %v", patience, err)
		}
	}
}

// virsh runs the command as an administrator would, with the arguments of a line of shell.
func virsh(t testing.TB, line string) string {
	t.Helper()
	return shell(t, "virsh -c lxc:///system "+line)
}

var ready sync.Once

// host makes lxc:///system Berth, as an administrator does. No container may be there.
func host(t testing.TB) {
	t.Helper()
	ready.Do(func() {
		shell(t, "systemctl stop berthd; systemctl enable --now berth-libvirt.socket")
		// virsh lxc-enter-namespace moves itself into the container's control group. libvirt's library finds none to be
		// of use on a host without controllers, which a nest may be, so it is told of one that Berth does not use.
		shell(t, `if [ ! -s /sys/fs/cgroup/cgroup.controllers ]; then
			echo hugetlb > /run/controllers; mount --bind /run/controllers /sys/fs/cgroup/cgroup.controllers; fi`)
		shell(t, "for dir in proc sys dev run tmp; do mount --rbind /$dir /srv/debian13/$dir; done")
	})
	if left := virsh(t, "list --all --name"); left != "" {
		t.Fatalf("containers of another test are there: %s", left)
	}
}

// guest is a container of a test.
type guest struct {
	Name, Root string
	File       string // its definition
}

// id is the same in every run, so that goldens have it.
func id(name string) string {
	return fmt.Sprintf("5f0cb3b1-0000-4000-8000-%012x", crc32.ChecksumIEEE([]byte(name)))
}

// define stores a container in a busybox root of its own until the test's end. Its init is a shell script.
func define(t testing.TB, name, script, devices string) guest {
	t.Helper()
	g := write(t, name, script, devices)
	virsh(t, "define "+g.File)
	return g
}

// write makes the root and the file of a definition. What the test leaves of the container goes.
func write(t testing.TB, name, script, devices string) guest {
	t.Helper()
	g := guest{Name: name, Root: filepath.Join("/srv/guests", name)}
	g.File = g.Root + ".xml"
	shell(t, `mkdir -p "`+g.Root+`"/{bin,dev,etc,proc,sys,tmp,run,root}
		cp /bin/busybox "`+g.Root+`/bin"
		chroot "`+g.Root+`" /bin/busybox --install -s /bin
		echo root:x:0:0:root:/root:/bin/sh > "`+g.Root+`/etc/passwd"`)
	if err := os.WriteFile(filepath.Join(g.Root, "init"), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	xml := fmt.Sprintf(`<domain type='lxc'>
  <name>%s</name>
  <uuid>%s</uuid>
  <memory unit='MiB'>64</memory>
  <vcpu>1</vcpu>
  <os><type>exe</type><init>/init</init></os>
  <clock offset='utc'/>
  <devices>
    <filesystem type='mount'><source dir='%s'/><target dir='/'/></filesystem>
    <console type='pty'/>%s
  </devices>
</domain>
`, name, id(name), g.Root, devices)
	if err := os.WriteFile(g.File, []byte(xml), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		try(t, "berthctl", "destroy", name)
		try(t, "berthctl", "undefine", name)
		shell(t, "rm -rf "+g.Root+" "+g.File)
	})
	return g
}

// is waits until a container has a state, in virsh's words.
func is(t testing.TB, name, state string) {
	t.Helper()
	eventually(t, func() error {
		if got := virsh(t, "domstate "+name); got != state {
			return fmt.Errorf("%s is %s, not %s", name, got, state)
		}
		return nil
	})
}

// has fails unless a text has all of these parts, and says what it has.
func has(t testing.TB, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("there is no %q in:\n%s", part, text)
		}
	}
}

// idle is the script of an init that does nothing, and ends when it is told.
const idle = "trap 'exit 0' TERM; echo hello; while :; do sleep 1000 & wait $!; done"

// copied is the definition at a path that the root of Debian 13 has, too.
func (g guest) copied(t testing.TB) string {
	t.Helper()
	path := "/tmp/" + g.Name + ".xml"
	shell(t, "cp "+g.File+" "+path)
	return path
}

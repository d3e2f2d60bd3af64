//go:build nest

package roots

import (
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/berthd/berth/test/rig/command"
)

// TestGettingStarted: docs/getting-started.md, followed from its first command to its last, with a root directory of
// debootstrap's: each block does what the text around it says. No block is left out.
func TestGettingStarted(t *testing.T) {
	host(t)
	run := map[string]bool{"name": true}
	for _, name := range made {
		run["make "+name] = true // by the script build
	}
	step := func(name, of string, wants ...string) string {
		t.Helper()
		run[of] = true
		return does(t, name, of, wants...)
	}
	step("", "busybox", "Domain 'vm1' started", "/init", "Domain 'vm1' is shut off")
	_, name, _ := strings.Cut(strings.TrimSpace(block(t, "name")), "=")
	unpack(t, name)
	t.Cleanup(func() { command.Try(t, "berthctl", "destroy", name); command.Try(t, "berthctl", "undefine", name) })
	step(name, "prepare")
	step(name, "start", "Network default started", "Domain '"+name+"' started", " running")
	step(name, "look", name+"\n", "running\n", "machine-"+name+".scope", "0 loaded units listed", "Debian GNU/Linux 12")
	run["console"] = true
	console(t, name, block(t, "console"))
	eventually(t, "ipv4", "berthctl", "domifaddr", name)
	step(name, "network", "192.168.179.", " 0% packet loss", "routable")
	step(name, "logs", name+" login:", "Startup finished", "berthd")
	step(name, "users", "Leader=")
	step(name, "autostart", "marked as autostarted", name, "unmarked as autostarted")
	run["limits"] = true
	limits(t, name)
	step(name, "end", "Domain '"+name+"' is shut off", "shut off")
	step(name, "remove", "Domain '"+name+"' has been undefined")
	run["import"], run["image"] = true, true // in TestRoots
	for _, found := range fence.FindAllStringSubmatch(page(t), -1) {
		if !run[found[1]] {
			t.Errorf("no test runs the block %q", found[1])
		}
	}
}

// limits runs the block about limits. In a nest without the controllers of control groups, its first command says so.
func limits(t *testing.T, name string) {
	t.Helper()
	out, err := shell(t, name, block(t, "limits"))
	controllers := command.Run(t, "cat", "/sys/fs/cgroup/cgroup.controllers")
	if has := strings.Contains(controllers, "memory") && strings.Contains(controllers, "cpu "); has != (err == nil) {
		t.Errorf("the block \"limits\": %v; the host has the controllers %q", err, controllers)
	}
	if err != nil && !strings.Contains(out, "no controller") {
		t.Errorf("the block \"limits\": %s", out)
	}
}

// console logs in at the console of a container, as a person at a terminal does, and leaves it.
func console(t *testing.T, name, text string) {
	t.Helper()
	cmd := exec.Command("timeout", "300", "script", "-qec", "name="+name+"\n"+text, "/dev/null")
	keys, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	screen, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var seen strings.Builder
	for _, line := range []struct{ prompt, typed string }{
		{"Escape character is ^]", "\r"}, {"login: ", "root\r"}, {"# ", "echo user $(id -u) on $(tty)\r"}, {"user 0 on /dev/", ""}, {"# ", "exit\r"}, {"login: ", "\x1d"},
	} {
		if err := reads(screen, &seen, line.prompt); err != nil {
			t.Fatalf("no %q on the console: %v\n%s", line.prompt, err, &seen)
		}
		time.Sleep(200 * time.Millisecond) // login throws away what was typed before its prompt
		if _, err := io.WriteString(keys, line.typed); err != nil {
			t.Fatal(err)
		}
	}
	rest, _ := io.ReadAll(screen)
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s%s", err, &seen, rest)
	}
}

// reads reads up to a text, and adds it to what was seen.
func reads(from io.Reader, seen *strings.Builder, text string) error {
	had := seen.Len()
	for one := make([]byte, 1); !strings.Contains(seen.String()[had:], text); {
		if n, err := from.Read(one); n == 0 {
			return fmt.Errorf("the end: %w", err)
		}
		seen.WriteByte(one[0])
	}
	return nil
}

// TestExamplesOfLibvirt: the examples of libvirt's page, which are no more than a shell and a script, start from the
// host's root and from one of busybox.
func TestExamplesOfLibvirt(t *testing.T) {
	host(t)
	command.Run(t, "berthctl", "net-start", "default")
	making, _, _ := strings.Cut(block(t, "busybox"), "berthctl define")
	if _, err := shell(t, "", making); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { command.Run(t, "rm", "-r", "/opt/vm-1-root") })
	for _, example := range []string{"vm1-host-root", "vm1-network", "busybox"} {
		t.Run(example, func(t *testing.T) {
			command.Run(t, "berthctl", "define", "../../examples/"+example+".xml")
			t.Cleanup(func() { command.Try(t, "berthctl", "destroy", "vm1"); command.Run(t, "berthctl", "undefine", "vm1") })
			command.Run(t, "berthctl", "start", "vm1")
			if got := command.Run(t, "berthctl", "domstate", "vm1"); got != "running" {
				t.Errorf("it is %s", got)
			}
			if got := command.Run(t, "berthctl", "exec", "vm1", "--", "/bin/sh", "-c", "test -e /opt/vm-1-root && echo host || echo own"); strings.Contains(got, "host") != (example == "vm1-host-root") {
				t.Errorf("it sees %q", got)
			}
		})
	}
}

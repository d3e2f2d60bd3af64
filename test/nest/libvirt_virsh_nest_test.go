//go:build nest

package nest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

const libvirtSocket = "/run/libvirt/virtlxcd-sock"

// withLibvirt has berthd serve clients of libvirt until the test's end, by the command of berthd(8).
func withLibvirt(t *testing.T) {
	t.Helper()
	run(t, "systemctl", "stop", "berthd.service")
	run(t, "systemctl", "enable", "--now", "berth-libvirt.socket")
	t.Cleanup(func() {
		run(t, "systemctl", "disable", "--now", "berth-libvirt.socket")
		run(t, "systemctl", "stop", "berthd.service")
		for _, path := range []string{libvirtSocket, libvirtSocket + "-ro"} {
			if _, err := os.Stat(path); err == nil {
				t.Errorf("%s is still there", path)
			}
		}
	})
}

// virsh runs Debian's virsh.
func virsh(t *testing.T, args ...string) result {
	t.Helper()
	return try(t, "virsh", append([]string{"-c", "lxc:///system"}, args...)...)
}

// TestVirsh: Debian's virsh, as it is, defines a container, shows it, starts, suspends and ends it; its id is init's
// pid; a reader is refused; another user is let in by a rule for connecting, and then does what rules let him.
func TestVirsh(t *testing.T) {
	run(t, "systemctl", "start", "polkit.service") // virsh's agent would start it
	clean(t)
	withLibvirt(t)
	g := sleeper(t, "web")
	file := g.file(t)
	steps := func(list ...[2]string) {
		t.Helper()
		for _, step := range list {
			r := virsh(t, strings.Fields(step[0])...)
			if want, fails := strings.CutPrefix(step[1], "!"); !strings.Contains(r.Out+r.Err, want) || (r.Status != 0) != fails {
				t.Errorf("virsh %s: %+v, want %q", step[0], r, step[1])
			}
		}
	}
	steps(
		[2]string{"define " + file, "Domain 'web' defined from"}, [2]string{"list --all", "-    web    shut off"},
		[2]string{"start web", "Domain 'web' started"}, [2]string{"start web", "!Domain is already active"},
	)
	steps(
		[2]string{"domid web", pidOf(info(t, "web").Leader)}, [2]string{"dominfo web", "State:          running"},
		[2]string{"dumpxml web", "id='" + pidOf(info(t, "web").Leader) + "'"},
		[2]string{"suspend web", "suspended"}, [2]string{"domstate web --reason", "paused (user)"}, [2]string{"resume web", "resumed"},
		[2]string{"desc web --title hello", "updated"}, [2]string{"list --title", "hello"}, [2]string{"domstats web", "state.state=1"},
		[2]string{"autostart web", "marked as autostarted"}, [2]string{"autostart web --disable", "unmarked"},
		[2]string{"vcpucount web", "current      live           1"}, [2]string{"cpu-stats web --total", "cpu_time"},
		[2]string{"-r destroy web", "!operation forbidden: read only access prevents virDomainDestroy"},
		[2]string{"dominfo nobody", "!failed to get domain 'nobody'"},
		[2]string{"snapshot-list web", "!this function is not supported by the connection driver: virDomainSnapshotNum"},
		[2]string{"send-process-signal web 1 9", ""},
	)
	eventually(t, func() error { return isOff(t, "web") })
	steps(
		[2]string{"destroy web", "!domain is not running"}, [2]string{"undefine web", "has been undefined"},
		[2]string{"create " + file, "Domain 'web' created"}, [2]string{"destroy web", "Domain 'web' destroyed"}, [2]string{"list --all --name", ""},
	)
	user := func(args ...string) result {
		return whilePolkitDecides(t, func() result {
			return try(t, "setpriv", append([]string{"--reuid=65534", "--clear-groups", "virsh", "-c", "lxc:///system"}, args...)...)
		})
	}
	if r := user("list"); r.Status == 0 || !strings.Contains(r.Err, "no polkit agent available to authenticate action 'org.berth1.connect'") {
		t.Errorf("a user: %+v", r)
	}
	g.define(t)
	rules(t, `polkit.addRule(function(action, subject) {
    if (action.id == "org.berth1.connect" && action.lookup("verb") == "Connect") return polkit.Result.YES;
    if (action.id == "org.berth1.read" && action.lookup("container") == "web") return polkit.Result.YES;
    if (action.id == "org.berth1.control" && action.lookup("verb") == "Start") return polkit.Result.YES;
});`, func() bool { return user("list", "--all").Status == 0 })
	if r := user("start", "web"); r.Status != 0 {
		t.Errorf("a user starts: %+v", r)
	}
	if r := user("destroy", "web"); r.Status == 0 || !strings.Contains(r.Err, "access denied: org.berth1.control is not authorized") {
		t.Errorf("a user destroys: %+v", r)
	}
}

// isOff returns an error as long as a container is on.
func isOff(t *testing.T, name string) error {
	t.Helper()
	if i := info(t, name); i.State != "shutoff" {
		return os.ErrExist
	}
	return nil
}

// TestVirshConsole: virsh console is the container's console at a real terminal, and ends by its escape character and
// with the container. virsh event hears of what happens meanwhile. Descriptors reach init.
func TestVirshConsole(t *testing.T) {
	run(t, "systemctl", "start", "polkit.service") // virsh's agent would start it
	clean(t)
	withLibvirt(t)
	g := script(t, "web", "stty -echo; echo ready; while read line; do echo \"got $line\"; done; exit 0")
	g.define(t)
	events := exec.Command("stdbuf", "-oL", "virsh", "-c", "lxc:///system", "event", "--loop", "--timeout", "600", "--event", "lifecycle")
	heard, err := os.Create(filepath.Join(t.TempDir(), "events"))
	if err != nil {
		t.Fatal(err)
	}
	defer heard.Close()
	events.Stdout = heard
	if err := events.Start(); err != nil {
		t.Fatal(err)
	}
	hears := func(want string) error {
		if got := readFile(t, heard.Name()); !strings.Contains(got, want) {
			return fmt.Errorf("no %q in %q", want, got)
		}
		return nil
	}
	again := g
	again.More = "<uuid>" + info(t, "web").UUID + "</uuid>"
	eventually(t, func() error { // it has registered
		run(t, "berthctl", "define", again.file(t))
		return hears("'web': Defined")
	})
	for i, out := range []func(m *os.File){
		func(m *os.File) { _, _ = m.WriteString("\x1d") },
		func(*os.File) { run(t, "berthctl", "destroy", "web") },
	} {
		if i == 0 {
			if r := virsh(t, "start", "web"); r.Status != 0 {
				t.Fatalf("%+v", r)
			}
		}
		master, name := pty(t)
		tty, err := os.OpenFile(name, os.O_RDWR|unix.O_NOCTTY, 0)
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("virsh", "-c", "lxc:///system", "console", "web", "--devname", "console0")
		cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		sees(t, master, "ready")
		_, _ = master.WriteString("one\r")
		sees(t, master, "got one")
		out(master)
		if err := cmd.Wait(); err != nil {
			t.Errorf("virsh: %v", err)
		}
		_ = tty.Close()
	}
	eventually(t, func() error { return isOff(t, "web") })
	for _, want := range []string{"'web': Started Booted", "'web': Stopped Destroyed"} {
		eventually(t, func() error { return hears(want) })
	}
	_ = events.Process.Signal(syscall.SIGINT)
	_ = events.Wait()
	passes := script(t, "passed", "cat <&3; exec sleep 1000")
	data := t.TempDir() + "/data"
	if err := os.WriteFile(data, []byte("passed on\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	run(t, "bash", "-c", `exec 9<"$1"; virsh -c lxc:///system create "$0" --pass-fds 9`, passes.file(t), data)
	t.Cleanup(func() { run(t, "berthctl", "destroy", "passed") })
	says(t, "passed", "passed on")
}

//go:build vm

package vm

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// serveLibvirt makes lxc:///system Berth until the test's end.
func serveLibvirt(t testing.TB) {
	t.Helper()
	run(t, "systemctl", "stop", "berthd.service") // systemd opens no socket of a service that runs
	run(t, "systemctl", "start", "berth-libvirt.socket")
	t.Cleanup(func() {
		run(t, "systemctl", "stop", "berth-libvirt.socket")
		run(t, "systemctl", "restart", "berthd.service")
	})
}

// denied are the denials since a time. virsh compiles its regular expressions when it starts, also as "virsh
// --version", and Debian's policy forbids that: it goes on without.
func denied(t testing.TB, since time.Time) []string {
	t.Helper()
	return slices.DeleteFunc(denials(t, since), func(line string) bool {
		return !strings.Contains(line, "avc:") || strings.Contains(line, "{ execmem }") && strings.Contains(line, `comm="virsh"`)
	})
}

const libvirt = "virsh -q -c lxc:///system "

// TestVirshEnters: Debian's virsh lxc-enter-namespace runs a command in a container, in its control group and, unless
// it is told not to, with its label, on a host with the controllers of cgroup v2 where SELinux enforces. It tells how
// the command has ended.
func TestVirshEnters(t *testing.T) {
	serveLibvirt(t)
	const (
		idmap  = "<idmap><uid start='0' target='100000' count='65536'/><gid start='0' target='100000' count='65536'/></idmap>"
		caller = "unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023"
	)
	for name, c := range map[string]struct{ more, label string }{
		"plain":                                {"", caller},
		"a user namespace":                     {idmap + "<features><privnet/></features>", caller},
		"a user namespace, the host's network": {idmap, caller},
		"a label":                              {"<seclabel type='static' model='selinux' relabel='no'><label>" + anyContainer + "</label></seclabel>", anyContainer},
	} {
		t.Run(name, func(t *testing.T) {
			begin := time.Now()
			g := guest{Name: "web", More: "<memory unit='MiB'>64</memory>" + c.more}
			startLabelled(t, &g)
			for option, label := range map[string]string{"": c.label, " --noseclabel": caller} {
				text, status := onTerminal(t, "lxc-enter-namespace web"+option+
					` -- /bin/sh -c 'hostname; cat /proc/self/cgroup; tr -d "\000" < /proc/self/attr/current; echo; exit 7'`)
				want := "web\n0::/\n" + label + "\nerror: internal error: Child process ("
				if status != 1 || !strings.HasPrefix(text, want) || !strings.HasSuffix(text, ") unexpected exit status 7") {
					t.Errorf("virsh lxc-enter-namespace%s: status %d, %s, want %s", option, status, text, want)
				}
			}
			if text, status := onTerminal(t, "lxc-enter-namespace web -- /bin/true"); status != 0 || text != "" {
				t.Errorf("true: status %d, %s", status, text)
			}
			if lines := denied(t, begin); len(lines) > 0 {
				t.Errorf("denied:\n%s", strings.Join(lines, "\n"))
			}
		})
	}
}

// onTerminal runs virsh on a terminal in the domain of a root login. It returns what was seen there, and the exit
// status.
func onTerminal(t *testing.T, line string) (seen string, status int) {
	t.Helper()
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte(libvirt+line+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := login(t, "script --quiet --return --command 'sh "+script+"' /dev/null < /dev/null")
	return strings.TrimSpace(strings.ReplaceAll(r.Out, "\r", "") + r.Err), r.Status
}

// TestVirshInAUnit: a unit of systemd starts and stops a container by virsh while SELinux enforces: there, virsh has a
// domain of its own.
func TestVirshInAUnit(t *testing.T) {
	begin := time.Now()
	serveLibvirt(t)
	g := guest{Name: "web", More: "<memory unit='MiB'>64</memory>"}
	g.define(t)
	const unit = "mycontainer.service"
	run(t, "systemd-run", "--quiet", "--unit="+unit, "--service-type=oneshot", "--remain-after-exit",
		"--property=ExecStop=/usr/bin/virsh -c lxc:///system destroy web", "/usr/bin/virsh", "-c", "lxc:///system", "start", "web")
	t.Cleanup(func() { try(t, "systemctl", "stop", unit) })
	if got := run(t, "berthctl", "domstate", "web"); got != "running" {
		t.Errorf("after the unit's start it is %s", got)
	}
	run(t, "systemctl", "stop", unit)
	if got := run(t, "berthctl", "domstate", "web"); got != "shut off" {
		t.Errorf("after the unit's end it is %s", got)
	}
	if lines := denied(t, begin); len(lines) > 0 {
		t.Errorf("denied:\n%s", strings.Join(lines, "\n"))
	}
}

//go:build nest

package nest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// extension puts elements into <berth:container>.
func extension(elements string) string {
	return "<container xmlns='urn:berth:container:1'>" + elements + "</container>"
}

// TestNoNewPrivileges: with <no_new_privs/> a set-user-ID program gives nobody its owner's rights.
func TestNoNewPrivileges(t *testing.T) {
	clean(t)
	for name, c := range map[string]struct {
		more, status string
		denied       bool
	}{
		"without": {"", "NoNewPrivs:\t0\n", false},
		"with":    {extension("<no_new_privs/>"), "NoNewPrivs:\t1\n", true},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			g := guest{Name: "web", Root: busybox(t), More: c.more, Args: "<inituser>1000</inituser><initgroup>1000</initgroup>"}
			program := filepath.Join(g.Root, "bin/passwd") // a busybox that asks for its owner's rights
			run(t, "cp", "--remove-destination", "/bin/busybox", program)
			run(t, "chmod", "4755", program)
			got := tell(t, g, "grep NoNewPrivs /proc/self/status; /bin/passwd </dev/null 2>&1")
			if !strings.Contains(got, c.status) || strings.Contains(got, "must be suid") != c.denied {
				t.Errorf("no %q, or denied is not %v:\n%s", c.status, c.denied, got)
			}
		})
	}
}

// TestPersonality32: with the 32-bit sibling as arch, uname(2) tells of it.
func TestPersonality32(t *testing.T) {
	clean(t)
	machine := run(t, "uname", "-m")
	sibling, has := map[string]string{"x86_64": "i686", "aarch64": "armv8l"}[strings.TrimSpace(machine)]
	if !has {
		t.Fatalf("the test does not know the 32-bit sibling of %s", machine)
	}
	word := strings.Replace(sibling, "v8", "v7", 1) // libvirt's word
	xml := strings.Replace(script(t, "web", "uname -m; exec sleep 1000").xml(), "<type>", "<type arch='"+word+"'>", 1)
	file := filepath.Join(t.TempDir(), "web.xml")
	if err := os.WriteFile(file, []byte(xml), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "berthctl", "create", file)
	t.Cleanup(func() { try(t, "berthctl", "destroy", "web") })
	says(t, "web", sibling)
}

// TestStopSignal: an ordered stop sends the signal of the definition.
func TestStopSignal(t *testing.T) {
	clean(t)
	for name, signal := range map[string]string{"one of the old": "SIGUSR2", "a realtime one": "SIGRTMIN+3"} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			g := script(t, "web", `trap 'echo TERM; exit 1' TERM; trap 'exit 7' USR2 37; echo ready; while :; do sleep 0.05; done`)
			g.More = extension("<shutdown signal='" + signal + "'/>")
			g.start(t)
			says(t, "web", "ready")
			run(t, "machinectl", "terminate", "web")
			if i := becomes(t, "web", "shutoff/shutdown"); i.LastExit.Code != 7 {
				t.Errorf("it ended with %+v", i.LastExit)
			}
		})
	}
}

// TestSeccomp: with the filter a denied call fails with EPERM, whatever rights the container has,
// and other calls do not.
func TestSeccomp(t *testing.T) {
	clean(t)
	for name, c := range map[string]struct {
		more string
		want []string
	}{
		"without": {"", []string{"Seccomp:\t0\n", "swapon: /init: Invalid argument\n", "\nmounted"}},
		"none":    {extension("<seccomp profile='none'/>"), []string{"Seccomp:\t0\n", "swapon: /init: Invalid argument\n"}},
		"with": {extension("<seccomp profile='default'/>"), []string{
			"NoNewPrivs:\t0\n", "Seccomp:\t2\n", "Seccomp_filters:\t1\n", "swapon: /init: Operation not permitted\n", "\nmounted",
		}},
		"with a user namespace": {idmap + extension("<seccomp profile='default'/><no_new_privs/>"), []string{
			"NoNewPrivs:\t1\n", "Seccomp:\t2\n", "Operation not permitted\n", "\nmounted",
		}},
		"without capabilities": {"<features><capabilities policy='deny'/></features>" + extension("<seccomp profile='default'/>"), []string{
			"CapEff:\t0000000000000000\n", "Seccomp:\t2\n", "Operation not permitted\n",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			g := guest{Name: "web", Root: busybox(t), More: c.more}
			got := tell(t, g, "cat /proc/self/status; swapon /init 2>&1; mount -t tmpfs none /mnt && echo mounted")
			for _, want := range c.want {
				if !strings.Contains(got, want) {
					t.Errorf("no %q in:\n%s", want, got)
				}
			}
		})
	}
}

//go:build nest

package nest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// points are those between two parts of a run (service, steps.go), with whether the container runs on when
// the daemon is killed there. A test of the core compares the list with the parts.
var points = []struct {
	name string
	runs bool
}{
	{"start run directory", false},
	{"start label", false},
	{"start supervisor", false},
	{"start state", false},
	{"start relabel", false},
	{"start devices", false},
	{"start unit", false},
	{"start container", false},
	{"start scope", false},
	{"start links", false},
	{"start ports", false},
	{"start machine", false},
	{"start job", false},
	{"start audit", false},
	{"start init", false},
	{"start start record", true},
	{"start running", true},
	{"start done", true},
	{"stop running", false},
	{"stop start record", false},
	{"stop init", false},
	{"stop audit", false},
	{"stop job", false},
	{"stop machine", false},
	{"stop ports", false},
	{"stop links", false},
	{"stop scope", false},
	{"stop container", false},
	{"stop unit", false},
	{"stop devices", false},
	{"stop relabel", false},
	{"stop state", false},
	{"stop supervisor", false},
	{"stop label", false},
	{"stop run directory", false},
}

// portAndLimit is an interface with all that the host has of one.
const portAndLimit = "<interface type='ethernet'><bandwidth><outbound average='1000'/></bandwidth><ip address='192.0.2.7'/>" +
	"<port xmlns='urn:berth:container:1' host='8080'/></interface>"

// at has the daemon die or fail at a point in the life of a container, once, and waits until it has.
func at(t testing.TB, how, point, name string) {
	t.Helper()
	if strings.HasPrefix(point, "stop ") {
		run(t, "berthctl", "start", name)
	}
	if err := os.WriteFile(faultFile, []byte(how+" "+point+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	verb, _, _ := strings.Cut(point, " ")
	try(t, "berthctl", map[string]string{"start": "start", "stop": "destroy"}[verb], name)
	if exists(faultFile) {
		t.Fatalf("the point %q was not reached", point)
	}
}

// TestDaemonDiesAtEachPoint: a container whose daemon is killed between two parts of a start or a stop is
// running and whole afterwards, or off and nothing of it is left, and it can be used either way.
func TestDaemonDiesAtEachPoint(t *testing.T) {
	variant(t, "bin/berthd-faultpoint")
	for _, point := range points {
		t.Run(point.name, func(t *testing.T) {
			clean(t)
			g := sleeper(t, "web")
			lan := nic(t)
			before := lan()
			g.Devs = portAndLimit + nicXML("")
			g.define(t)
			at(t, "kill", point.name, "web")
			if point.runs {
				i := becomes(t, "web", "running/booted")
				if i.Leader == 0 || i.ControlGroup == "" || len(machines(t)) != 1 {
					t.Errorf("it is not whole: %+v, machines %v", i, machines(t))
				}
				run(t, "berthctl", "suspend", "web")
				run(t, "berthctl", "resume", "web")
			} else {
				eventually(t, func() error {
					if state := info(t, "web").State; state != "shutoff" {
						return errors.New(state)
					}
					return nil
				})
				eventually(t, func() error {
					if r := try(t, "berthctl", "start", "web"); r.Status != 0 {
						return errors.New(r.Err)
					}
					return nil
				})
			}
			run(t, "berthctl", "destroy", "web")
			same(t, lan, before)
		})
	}
}

// TestOthersAtEachPoint: when the daemon is killed between two parts, the container ends, and systemd-nspawn
// takes its name before the next daemon comes, then that container lives on.
func TestOthersAtEachPoint(t *testing.T) {
	variant(t, "bin/berthd-faultpoint")
	const off = "/run/systemd/system/berthd.service.d/60-no-restart.conf"
	if err := os.WriteFile(off, []byte("[Service]\nRestart=no\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(off) }) // before the reload of variant
	run(t, "systemctl", "daemon-reload")
	root := busybox(t)
	if err := os.Mkdir(root+"/usr", 0o755); err != nil { // without it systemd-nspawn refuses the root
		t.Fatal(err)
	}
	for _, point := range points {
		t.Run(point.name, func(t *testing.T) {
			clean(t)
			g := sleeper(t, "web")
			g.Devs = portAndLimit
			g.define(t)
			at(t, "kill", point.name, "web")
			eventually(t, func() error { // systemd's own word, since any call would start the next daemon
				if daemon(t) != 0 {
					return errors.New("the daemon lives")
				}
				return nil
			})
			try(t, "systemctl", "kill", "-s", "KILL", "machine-web.scope")
			nspawn := startNspawn(t, root, "web")
			run(t, "berthctl", "list", "--all")
			time.Sleep(500 * time.Millisecond) // for what a daemon does after its first answer
			if state := info(t, "web").State; state != "shutoff" {
				t.Errorf("it is %s", state)
			}
			if got := machines(t); len(got) != 1 || got[0].Service != "systemd-nspawn" {
				t.Errorf("machined knows %v", got)
			}
			if err := nspawn.Process.Signal(syscall.Signal(0)); err != nil {
				t.Errorf("nspawn's container is gone: %v", err)
			}
			if r := try(t, "berthctl", "start", "web"); r.Status != 1 {
				t.Errorf("start beside it: %+v", r)
			}
		})
	}
}

// startNspawn runs a container of systemd-nspawn until the test's end.
func startNspawn(t testing.TB, root, name string) *exec.Cmd {
	t.Helper()
	var cmd *exec.Cmd
	var ended chan error
	var said bytes.Buffer
	eventually(t, func() error { // the name may be free a moment later
		if cmd == nil {
			cmd = exec.Command("systemd-nspawn", "--quiet", "-M", name, "-D", root, "/bin/sleep", "100000")
			said.Reset()
			cmd.Stderr = &said
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			ended = make(chan error, 1)
			go func(cmd *exec.Cmd) { ended <- cmd.Wait() }(cmd)
		}
		if slices.ContainsFunc(machines(t), func(m machine) bool { return m.Name == name && m.Service == "systemd-nspawn" }) {
			return nil
		}
		select {
		case err := <-ended:
			cmd = nil
			return fmt.Errorf("systemd-nspawn: %w: %s", err, &said)
		default:
			return errors.New("not registered yet")
		}
	})
	t.Cleanup(func() {
		try(t, "machinectl", "terminate", name)
		if err := <-ended; err != nil {
			t.Log("systemd-nspawn:", err)
		}
	})
	return cmd
}

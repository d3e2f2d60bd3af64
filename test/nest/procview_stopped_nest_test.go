//go:build nest

package nest

import (
	"bufio"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestProcViewCloses: whoever has a file of /proc open while the supervisor is stopped can be
// killed. The close must ask nothing of the supervisor, for it cannot be interrupted.
func TestProcViewCloses(t *testing.T) {
	clean(t)
	g := sleeper(t, "web")
	g.start(t)
	leader := int(info(t, "web").Leader)
	reader := exec.Command("/bin/sh", "-c", `exec 3< "$0"; echo open; exec sleep 1000`, proc(leader, "root/proc/meminfo"))
	out, err := reader.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := reader.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("%q, %v", line, err)
	}
	supervisor := parentOf(t, leader)
	stopProcess(t, supervisor)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = reader.Wait() // it says that it was killed
	}()
	if err := reader.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case <-time.After(patience):
		t.Errorf("the reader hangs in its close")
	}
	if err := syscall.Kill(supervisor, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	run(t, "berthctl", "destroy", "web")
}

// TestProcViewDaemonRestarts: a daemon that starts while a supervisor is stopped goes on with all
// others soon. That container can be suspended, resumed and ended, and what ends it otherwise is
// seen.
func TestProcViewDaemonRestarts(t *testing.T) {
	for name, end := range map[string][]string{
		"destroy":           {"berthctl", "destroy", "web"},
		"end of the scope":  {"systemctl", "kill", "-s", "KILL", "machine-web.scope"},
		"stop by systemd":   {"systemctl", "stop", "machine-web.scope"},
		"goes on, and ends": nil,
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			configure(t, "[Container]\nStopTimeoutSec=2s\n")
			g := sleeper(t, "web")
			g.start(t)
			supervisor := parentOf(t, int(info(t, "web").Leader))
			stopProcess(t, supervisor)
			begin := time.Now()
			run(t, "systemctl", "restart", "berthd.service")
			if took := time.Since(begin); took > patience {
				t.Errorf("the daemon took %v to come back", took)
			}
			run(t, "berthctl", "suspend", "web")
			run(t, "berthctl", "resume", "web")
			other := sleeper(t, "other")
			other.start(t)
			run(t, "berthctl", "destroy", "other")
			if end == nil {
				if err := syscall.Kill(supervisor, syscall.SIGCONT); err != nil {
					t.Fatal(err)
				}
				eventually(t, func() error {
					if info(t, "web").Leader == 0 {
						return errors.New("nobody has asked it again")
					}
					return nil
				})
				end = []string{"berthctl", "destroy", "web"}
			}
			run(t, end[0], end[1:]...)
			eventually(t, func() error {
				if state := info(t, "web").State; state != "shutoff" {
					return fmt.Errorf("web is %s", state)
				}
				return nil
			})
		})
	}
}

// TestProcViewLeavesNoConnection: no FUSE connection is left, however often a container runs.
func TestProcViewLeavesNoConnection(t *testing.T) {
	clean(t)
	g := sleeper(t, "web")
	g.define(t)
	var all []os.FileInfo
	for range 50 {
		run(t, "berthctl", "start", "web")
		leader := int(info(t, "web").Leader)
		if _, err := os.ReadFile(proc(leader, "root/proc/meminfo")); err != nil {
			t.Fatal(err)
		}
		all = append(all, connections(t, leader)...)
		run(t, "berthctl", "destroy", "web")
	}
	if len(all) < 50 {
		t.Fatalf("50 runs had %d connections", len(all))
	}
	eventually(t, func() error {
		for _, c := range all {
			now, err := os.Stat(filepath.Join(fuseConnections, c.Name()))
			if err == nil && os.SameFile(now, c) && now.ModTime().Equal(c.ModTime()) { // no later one of that number
				return fmt.Errorf("connection %s is left", c.Name())
			}
		}
		return nil
	})
}

const fuseConnections = "/sys/fs/fuse/connections"

// connections are those of the FUSE file systems that a process has mounted. The directory shows all of the
// machine, so that only these are looked at.
func connections(t *testing.T, pid int) []os.FileInfo {
	t.Helper()
	text, err := os.ReadFile(proc(pid, "mountinfo"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]os.FileInfo{}
	for line := range strings.Lines(string(text)) {
		if !strings.Contains(line, " - fuse") {
			continue
		}
		_, minor, _ := strings.Cut(strings.Fields(line)[2], ":")
		if found[minor], err = os.Stat(filepath.Join(fuseConnections, minor)); err != nil {
			t.Fatal(err)
		}
	}
	return slices.Collect(maps.Values(found))
}

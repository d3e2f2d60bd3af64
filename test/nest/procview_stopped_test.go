//go:build nest

package nest

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestProcViewCloses: whoever has a file open when the supervisor is stopped can be killed, even if no
// file was ever closed before: a close must ask nothing of the supervisor, for it cannot be interrupted.
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
	if err := syscall.Kill(supervisor, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
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
	case <-time.After(5 * time.Second):
		t.Errorf("the reader hangs in its close")
	}
	if err := syscall.Kill(supervisor, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	run(t, "berthctl", "destroy", "web")
}

// TestProcViewDaemonRestarts while a supervisor is stopped: the daemon goes on with all others soon, and
// sees that supervisor's end whenever it comes.
func TestProcViewDaemonRestarts(t *testing.T) {
	clean(t)
	g := sleeper(t, "web")
	g.start(t)
	if err := syscall.Kill(parentOf(t, int(info(t, "web").Leader)), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	run(t, "systemctl", "restart", "berthd.service")
	if took := time.Since(begin); took > 15*time.Second {
		t.Errorf("the daemon took %v to come back", took)
	}
	other := sleeper(t, "other")
	other.start(t)
	run(t, "berthctl", "destroy", "other")
	run(t, "systemctl", "kill", "-s", "KILL", "machine-web.scope")
	settled(t, func() error {
		if state := info(t, "web").State; state != "shutoff" {
			return fmt.Errorf("web is %s", state)
		}
		return nil
	})
}

// TestProcViewLeavesNoConnection, however often a container runs.
func TestProcViewLeavesNoConnection(t *testing.T) {
	clean(t)
	const dir = "/sys/fs/fuse/connections/*"
	before, err := filepath.Glob(dir)
	if err != nil {
		t.Fatal(err)
	}
	g := sleeper(t, "web")
	g.define(t)
	for range 50 {
		run(t, "berthctl", "start", "web")
		meminfo := proc(int(info(t, "web").Leader), "root/proc/meminfo")
		if _, err := os.ReadFile(meminfo); err != nil {
			t.Fatal(err)
		}
		run(t, "berthctl", "destroy", "web")
	}
	settled(t, func() error {
		after, err := filepath.Glob(dir)
		if len(after) > len(before) {
			return fmt.Errorf("%d connections became %d", len(before), len(after))
		}
		return errors.Join(err)
	})
}

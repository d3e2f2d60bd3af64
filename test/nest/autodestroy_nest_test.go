//go:build nest

package nest

import (
	"bufio"
	"os/exec"
	"syscall"
	"testing"
)

// TestAutoDestroy: a container that was started with --autodestroy ends with the berthctl that started it, however that
// ends, and also if berthd is killed or restarted meanwhile. It does not end with berthd.
func TestAutoDestroy(t *testing.T) {
	clean(t)
	g := script(t, "web", "echo hello; exec sleep 100000")
	g.define(t)
	started := func() *attached {
		t.Helper()
		a := &attached{Cmd: exec.Command("berthctl", "start", "web", "--console", "--autodestroy")}
		out, err := a.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		a.out = bufio.NewReader(out)
		if err := a.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = a.Process.Kill(); _ = a.Wait() })
		a.until(t, "hello")
		return a
	}
	for name, meanwhile := range map[string]func(){
		"nothing happens":     func() {},
		"berthd is killed":    func() { killDaemon(t) },
		"berthd is restarted": func() { run(t, "systemctl", "restart", "berthd") },
		"berthd is stopped":   func() { run(t, "systemctl", "stop", "berthd") },
	} {
		t.Run(name, func(t *testing.T) {
			a := started()
			meanwhile()
			if name != "berthd is stopped" { // then nobody watches until the next call
				if got := info(t, "web").State; got != "running" {
					t.Errorf("it is %s", got)
				}
			}
			_ = a.Process.Kill()
			_ = a.Wait()
			becomes(t, "web", "shutoff/destroyed")
		})
	}
	run(t, "berthctl", "start", "web", "--autodestroy")
	becomes(t, "web", "shutoff/destroyed")
	a := started()
	_ = a.Process.Signal(syscall.SIGTERM)
	_ = a.Wait()
	becomes(t, "web", "shutoff/destroyed")
	run(t, "berthctl", "start", "web")
	becomes(t, "web", "running/booted")
}

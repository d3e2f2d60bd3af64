//go:build nest

package nest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestSetProperty: what systemctl sets on the scope of a running container is in its properties and its live XML, and
// is one PropertiesChanged; so is the second such change. A restart of berthd keeps it, also one that was made
// meanwhile. systemctl revert takes it back.
func TestSetProperty(t *testing.T) {
	clean(t)
	sleeper(t, "web").start(t)
	signals := propertiesChanged(t)
	// A nest has no controllers: a limit that needs one is in the properties only.
	has := func(when string, max, period uint64) {
		t.Helper()
		eventually(t, func() error {
			if i := info(t, "web"); i.TasksMax != max || i.CPUQuotaPeriodUSec != period {
				return fmt.Errorf("%s: TasksMax is %d, want %d, and the period %d, want %d", when, i.TasksMax, max, i.CPUQuotaPeriodUSec, period)
			}
			return nil
		})
		if xml, want := run(t, "berthctl", "dumpxml", "web"), fmt.Sprintf("<period>%d</period>", period); strings.Contains(xml, "<berth:pids") || !strings.Contains(xml, want) {
			t.Errorf("%s: no %s in the live XML:\n%s", when, want, xml)
		}
	}
	for i, max := range []uint64{500, 600} {
		run(t, "systemctl", "set-property", "--runtime", "machine-web.scope", fmt.Sprint("TasksMax=", max), fmt.Sprintf("CPUQuotaPeriodSec=%dus", 50*max))
		if line := <-signals; !strings.Contains(line, "TasksMax") || !strings.Contains(line, "CPUQuotaPeriodUSec") {
			t.Errorf("signal %d is %s", i, line)
		}
		has("at once", max, 50*max)
	}
	if xml := run(t, "berthctl", "dumpxml", "--inactive", "web"); strings.Contains(xml, "<period>") {
		t.Errorf("the stored definition was changed:\n%s", xml)
	}
	run(t, "systemctl", "restart", "berthd")
	has("after a restart", 600, 30000)
	run(t, "systemctl", "stop", "berthd")
	run(t, "systemctl", "set-property", "--runtime", "machine-web.scope", "TasksMax=700")
	run(t, "systemctl", "start", "berthd")
	has("changed without a berthd", 700, 30000)
	run(t, "berthctl", "schedinfo", "web", "vcpu_period=20000") // a nest has no controllers, and this needs none
	has("after a change of its own", 700, 20000)
	run(t, "systemctl", "revert", "machine-web.scope")
	reverted := func(when string) {
		t.Helper()
		eventually(t, func() error {
			if i, xml := info(t, "web"), run(t, "berthctl", "dumpxml", "web"); i.TasksMax != 16384 || strings.Contains(xml, "<period>20000") {
				return fmt.Errorf("%s: TasksMax is %d, the live XML\n%s", when, i.TasksMax, xml)
			}
			return nil
		})
	}
	reverted("after a revert")
	run(t, "systemctl", "set-property", "--runtime", "machine-web.scope", "TasksMax=800", "CPUQuotaPeriodSec=20ms")
	has("after a revert and a change", 800, 20000)
	run(t, "systemctl", "stop", "berthd")
	run(t, "systemctl", "revert", "machine-web.scope")
	run(t, "systemctl", "start", "berthd")
	reverted("after a revert without a berthd")
	run(t, "berthctl", "destroy", "web")
}

// propertiesChanged returns each PropertiesChanged of a container from now on, as a line.
func propertiesChanged(t *testing.T) <-chan string {
	t.Helper()
	cmd := exec.Command("busctl", "--system", "--json=short", "monitor", "--match", "type='signal',path_namespace='/org/berth1/container',member='PropertiesChanged'")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	if _, err := bufio.NewReader(said).ReadString('\n'); err != nil { // "Monitoring bus message stream."
		t.Fatal(err)
	}
	lines := make(chan string)
	go func() {
		r := bufio.NewReader(io.Reader(out))
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			lines <- line
		}
	}()
	return lines
}

// TestDaemonDiesWhileTuning: when the daemon is killed while it changes a limit, the unit, the properties and the live
// XML agree afterwards on the limit that is in force.
func TestDaemonDiesWhileTuning(t *testing.T) {
	variant(t, "bin/berthd-faultpoint")
	for _, point := range []string{"tune unit", "tune state"} {
		t.Run(point, func(t *testing.T) {
			clean(t)
			sleeper(t, "web").start(t)
			if err := os.WriteFile(faultFile, []byte("kill "+point+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			// A nest has no controllers, and this needs none.
			if r := try(t, "berthctl", "schedinfo", "web", "vcpu_period=20000", "--live", "--config"); r.Status == 0 {
				t.Error("it succeeded, and its daemon was killed")
			}
			if exists(faultFile) {
				t.Fatal("the point was not reached")
			}
			eventually(t, func() error {
				if i := info(t, "web"); i.CPUQuotaPeriodUSec != 20000 {
					return fmt.Errorf("CPUQuotaPeriodUSec is %d", i.CPUQuotaPeriodUSec)
				}
				if !strings.Contains(run(t, "berthctl", "dumpxml", "web"), "<period>20000</period>") {
					return errors.New("the live XML lacks it")
				}
				return nil
			})
			if got := run(t, "systemctl", "show", "-P", "CPUQuotaPeriodUSec", "machine-web.scope"); got != "20ms" {
				t.Errorf("the unit has %s", got)
			}
			run(t, "berthctl", "destroy", "web")
		})
	}
}

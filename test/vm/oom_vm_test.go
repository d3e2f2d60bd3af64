//go:build vm

package vm

import (
	"os"
	"strings"
	"testing"
	"time"
)

// TestSupervisorOutOfMemory: whatever fills a container's memory, the kernel never kills the supervisor. It is
// protected, and init is not. If init was killed, its exit status is known.
func TestSupervisorOutOfMemory(t *testing.T) {
	for name, c := range map[string]struct {
		mib  string
		text string
	}{
		"one process":          {"64", "sh -c 'x=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; while :; do x=$x$x; done'"},
		"init":                 {"32", "x=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; while :; do x=$x$x; done"},
		"a tmpfs":              {"64", "dd if=/dev/zero of=/run/x bs=1M count=200; rm -f /run/x"},
		"shared memory":        {"64", "mount -o remount,size=200M /dev/shm; dd if=/dev/zero of=/dev/shm/x bs=1M count=200; rm -f /dev/shm/x"},
		"many small processes": {"16", "i=0; while [ $i -lt 300 ]; do sleep 3 & i=$((i+1)); done; wait"},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, "dmesg", "-C")
			escaped := strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(c.text)
			g := guest{Name: "web", More: "<memory unit='MiB'>" + c.mib + "</memory>", Init: "sleep 1; " + escaped + "; echo survived; exec sleep 1000"}
			g.start(t)
			pid := strings.Fields(run(t, "pgrep", "-f", "^berth-supervisor web$"))[0]
			supervisor := "/proc/" + pid
			for file, want := range map[string]string{supervisor: "-1000", "/proc/" + g.leader(t): "0"} {
				if got := run(t, "cat", file+"/oom_score_adj"); got != want {
					t.Errorf("the score of %s is %s, want %s", file, got, want)
				}
			}
			if got := run(t, "cat", "/sys/fs/cgroup/machine.slice/machine-web.scope/supervisor/memory.min"); got != "max" {
				t.Errorf("memory.min of the supervisor is %s", got)
			}
			state := ""
			for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Second / 4) {
				state = run(t, "berthctl", "domstate", "--reason", "web")
				if state != "running (booted)" || strings.Contains(run(t, "berthctl", "console-log", "web"), "survived") {
					break
				}
			}
			_, err := os.Stat(supervisor)
			switch log := run(t, "dmesg"); {
			case strings.Contains(log, "Killed process "+pid+" "):
				t.Errorf("the supervisor was killed:\n%s", log)
			case state == "running (booted)" && err != nil:
				t.Errorf("it is %s without its supervisor", state)
			case state != "running (booted)" && !strings.Contains(run(t, "berthctl", "dominfo", "web"), "KILL"):
				t.Errorf("it is %s, %s\n%s", state, log, run(t, "berthctl", "dominfo", "web"))
			case !strings.Contains(log, "Killed process"):
				t.Errorf("nothing was killed; it is %s", state)
			}
		})
	}
}

// TestNobodyToKill: a container that exempts itself from the OOM killer and fills its memory can still be looked
// at and destroyed, and hurts no other.
func TestNobodyToKill(t *testing.T) {
	bystander := guest{Name: "other", More: "<memory unit='MiB'>64</memory>"}
	bystander.start(t)
	g := guest{Name: "web", More: "<memory unit='MiB'>32</memory>", Init: "echo -1000 &gt; /proc/self/oom_score_adj; echo exempt; x=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; while :; do x=$x$x; done"}
	g.start(t)
	for end := time.Now().Add(patience); !strings.Contains(run(t, "dmesg"), "no killable processes") && time.Now().Before(end); {
		time.Sleep(time.Second / 4)
	}
	if got := run(t, "cat", "/proc/"+g.leader(t)+"/oom_score_adj"); got != "-1000" {
		t.Errorf("the test shows nothing: the score is %s", got)
	}
	for _, command := range [][]string{
		{"berthctl", "domstate", "web"}, {"berthctl", "console-log", "web"}, {"berthctl", "destroy", "web"}, {"berthctl", "domstate", "other"},
	} {
		if r := try(t, "timeout", append([]string{"60"}, command...)...); r.Status != 0 {
			t.Errorf("%v: %+v", command, r)
		}
	}
}

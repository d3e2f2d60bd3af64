//go:build nest

package nest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// oddUnit gives berthd another value than a service's for all that systemd.exec(5) can set, that processes
// inherit, and that no namespace separates. The hard limits stay as they are: a nest may not raise one.
const oddUnit = `[Service]
Nice=7
CPUSchedulingPolicy=batch
IOSchedulingClass=idle
CPUAffinity=0
OOMScoreAdjust=321
TimerSlackNSec=1234567
UMask=0077
CoredumpFilter=private-anonymous
Personality=x86
SecureBits=no-setuid-fixup
NUMAPolicy=preferred
NUMAMask=0
IgnoreSIGPIPE=no
SupplementaryGroups=games
AmbientCapabilities=CAP_CHOWN
Environment=ODD=1
`

// oddLimits are soft limits for the drop-in. Each is lower than the hard one.
var oddLimits = map[string]uint64{
	"CPU": 5000, "FSIZE": 8 << 40, "DATA": 8 << 40, "STACK": 4 << 20, "CORE": 12345, "RSS": 8 << 40, "NOFILE": 777, "AS": 8 << 40,
	"NPROC": 1234, "MEMLOCK": 65536, "LOCKS": 4321, "SIGPENDING": 999, "MSGQUEUE": 8192, "RTTIME": 1000000,
}

// TestInherited: init and its supervisor begin as a service of the host begins, whatever limits, scheduling, OOM
// score and such the unit of berthd has.
func TestInherited(t *testing.T) {
	clean(t)
	run(t, "systemd-run", "--quiet", "--service-type=exec", "--unit=plain", "sleep", "100000")
	t.Cleanup(func() { run(t, "systemctl", "stop", "plain.service") })
	plain := inherited(t, mainPID(t, "plain.service"))
	plain["SigIgn"] = strings.Repeat("0", 16) // a service ignores SIGPIPE
	oddBerthd(t, plain)
	for kind, more := range map[string]string{"plain": "", "user namespace": idmap} {
		t.Run(kind, func(t *testing.T) {
			g := sleeper(t, "web")
			g.More = more
			g.start(t)
			leader := int(info(t, "web").Leader)
			if diff := cmp.Diff(plain, inherited(t, leader)); diff != "" {
				t.Errorf("init (-service +init):\n%s", diff)
			}
			environment, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", leader))
			if strings.Contains(string(environment), "ODD") {
				t.Errorf("the environment: %q", environment)
			}
			threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", supervisorOf("web")))
			if len(threads) < 2 {
				t.Errorf("the supervisor has the threads %q", threads)
			}
			for _, thread := range threads {
				got := inherited(t, number(t, filepath.Base(thread)))
				for _, own := range []string{"SigIgn", "SigBlk", "oom_score_adj", "Max open files", "CapInh", "CapAmb", "Groups"} {
					got[own] = plain[own]
				}
				if diff := cmp.Diff(plain, got); diff != "" {
					t.Errorf("a thread of the supervisor (-service +thread):\n%s", diff)
				}
			}
		})
	}
}

// TestInheritedForGood: berthd warns of what its unit sets and no process gets rid of, and of nothing otherwise.
func TestInheritedForGood(t *testing.T) {
	clean(t)
	warned := func() bool {
		invocation := run(t, "systemctl", "show", "--property=InvocationID", "--value", "berthd")
		return strings.Contains(journal(t, "--output=cat", "_SYSTEMD_INVOCATION_ID="+invocation), "no process gets rid of")
	}
	run(t, "systemctl", "restart", "berthd")
	if warned() {
		t.Error("it warns of the unit as it is")
	}
	dropIn(t, "[Service]\nSystemCallFilter=~reboot\n")
	if !warned() {
		t.Error("it does not warn of a filter of system calls")
	}
}

// dropIn restarts berthd with a drop-in until the test's end.
func dropIn(t *testing.T, text string) {
	t.Helper()
	const file = "/run/systemd/system/berthd.service.d/70-odd.conf"
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = os.Remove(file)
		run(t, "systemctl", "daemon-reload")
		run(t, "systemctl", "restart", "berthd")
	})
	run(t, "systemctl", "daemon-reload")
	run(t, "systemctl", "restart", "berthd")
}

// oddBerthd restarts berthd with the drop-in until the test's end. It fails if one of its values is that of a
// plain service: then the test would show nothing of it.
func oddBerthd(t *testing.T, plain map[string]string) {
	t.Helper()
	text := oddUnit
	for name, soft := range oddLimits {
		manager := "DefaultLimit" + name
		_, hard, _ := strings.Cut(run(t, "busctl", "get-property", "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", manager), " ")
		if hard == strconv.FormatUint(^uint64(0), 10) {
			hard = "infinity"
		}
		text += fmt.Sprintf("Limit%s=%d:%s\n", name, soft, hard)
	}
	dropIn(t, text)
	for name, value := range inherited(t, mainPID(t, "berthd.service")) {
		switch name {
		case "SigBlk", "SigIgn", "CapInh", "THP_enabled", "Max nice priority", "Max realtime priority":
			continue // no unit of this systemd sets them, or a nest may not raise them
		}
		if value == plain[name] {
			t.Errorf("%s of berthd is %s, as of any service", name, value)
		}
	}
}

func mainPID(t *testing.T, unit string) int {
	t.Helper()
	return number(t, run(t, "systemctl", "show", "--property=MainPID", "--value", unit))
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// inherited reads what a thread has from the one that created it, by name.
func inherited(t *testing.T, tid int) map[string]string {
	t.Helper()
	got := map[string]string{}
	dir := "/proc/" + strconv.Itoa(tid) + "/"
	for line := range strings.Lines(run(t, "tail", "-n", "+2", dir+"limits") + "\n") {
		got[strings.TrimSpace(line[:25])] = strings.Join(strings.Fields(line[25:]), " ")
	}
	for line := range strings.Lines(run(t, "cat", dir+"status") + "\n") {
		name, value, _ := strings.Cut(line, ":")
		switch name {
		case "Umask", "SigBlk", "SigIgn", "Groups", "CapInh", "CapAmb", "THP_enabled", "Cpus_allowed":
			got[name] = strings.TrimSpace(value)
		}
	}
	for _, name := range []string{"oom_score_adj", "coredump_filter", "personality", "timerslack_ns"} {
		got[name] = run(t, "cat", dir+name)
	}
	stat := strings.Fields(strings.SplitAfter(run(t, "cat", dir+"stat"), ") ")[1]) // from field 3 on (proc_pid_stat(5))
	got["nice"], got["policy"] = stat[19-3], stat[41-3]
	const process = 1
	priority, _, errno := unix.Syscall(unix.SYS_IOPRIO_GET, process, uintptr(tid), 0)
	if errno != 0 {
		t.Error(errno)
	}
	got["I/O priority"] = fmt.Sprint(priority)
	if policy, err := os.ReadFile(dir + "numa_maps"); err == nil {
		got["memory policy"] = strings.Fields(string(policy))[1]
	}
	return got
}

//go:build vm

package vm

import (
	"strings"
	"testing"
)

// TestOOMIsNotForged: a container that gets lines of its own choice into the kernel's log, by options of mount(2) with
// line breaks that the kernel quotes, names no process of another container, and says of no init why it ended.
func TestOOMIsNotForged(t *testing.T) {
	named := guest{Name: "named", More: "<memory unit='MiB'>64</memory>"}
	liar := guest{Name: "liar", More: "<memory unit='MiB'>64</memory>"}
	next := listen(t)
	named.start(t)
	liar.start(t)
	expect(t, next, "named defined added", "named started booted", "liar defined added", "liar started booted")
	leader := named.leader(t)
	run(t, "systemctl", "stop", "berthd")
	named.says(t, hog)
	const scope = "/machine.slice/machine-named.scope"
	summary := strings.NewReplacer(",", `\,`, ":", `\:`).Replace("\noom-kill:constraint=C,nodemask=(null),cpuset=x,mems_allowed=0,oom_memcg=" + scope + ",task_memcg=" + scope + "/payload,task=liar,pid=9,uid=0")
	lie := "mount -t overlay -o 'lowerdir=x" + summary + ":/bin' none /tmp\nmount -t tmpfs -o 'x\nMemory cgroup out of memory: Killed process " + leader + " (sh) ' none /tmp\n"
	liar.exec(t, lie)
	if log := run(t, "dmesg"); !strings.Contains(log, "task=liar") || !strings.Contains(log, "Killed process "+leader) {
		t.Fatalf("the test shows nothing: %s", log)
	}
	run(t, "systemctl", "start", "berthd")
	expect(t, next, `named OOMKill 1 dd \d+`)
	run(t, "kill", "-9", leader)
	expect(t, next, "named stopped failed")
	if got := run(t, "berthctl", "domstate", "--reason", "named"); got != "shut off (failed)" {
		t.Errorf("it is %s", got)
	}
}

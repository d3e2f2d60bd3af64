package timeline

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/test/bench/proto"
)

// started is a start as the kernel showed it, with what is of no interest left out. The supervisor's threads have two
// names, and the next spare supervisor is executed meanwhile.
const started = `# tracer: nop
#
          berthd-29376   (  29230) [001] ..... 100.000100: sys_recvmsg -> 0xc8
          berthd-29376   (  29230) [001] ..... 100.001200: sys_recvmsg -> 0xfffffffffffffff5
          berthd-29376   (  29230) [001] ..... 100.001500: sys_recvmsg -> 0xc8
               4-29429   (  29424) [001] .n... 100.002000: sys_recvmsg -> 0x22b
          berthd-29376   (  29230) [001] ..... 100.002500: sys_renameat(olddfd: 0xffffffffffffff9c, oldname: 0x1b5640d2ec30)
CPU:1 [LOST 3 EVENTS]
 SUPERVISOR-29428   (  29424) [001] ..... 100.003000: sched_process_fork: comm=SUPERVISOR pid=29429 child_comm=SUPERVISOR child_pid=29430
 SUPERVISOR-29500   (  29500) [001] ..... 100.003500: sched_process_exec: filename=/proc/self/fd/4 pid=29500 old_pid=29500
           tinit-29430   (  29430) [000] ..... 100.004000: sys_setns -> 0x0
         systemd-29051   (  29051) [001] dN.1. 100.005000: cgroup_attach_task: dst_root=0 dst_id=12682753 dst_level=3 dst_path=/machine.slice/x
               4-29428   (  29424) [001] dN.1. 100.006000: cgroup_attach_task: dst_root=0 dst_id=12682791 dst_level=4 dst_path=/machine.slice/x/payload
           tinit-29430   (  29430) [000] ..... 100.006200: sys_unshare -> 0x0
           tinit-29430   (  29430) [000] ..... 100.006500: sys_unshare -> 0x0
 systemd-machine-29229   (-------) [001] ..... 100.007000: sys_rename(oldname: 0x555be29df940, newname: 0x555be29eb750)
           tinit-29430   (  29430) [001] ..... 100.008000: sched_process_exec: filename=/tinit pid=29430 old_pid=29430
          berthd-29232   (  29230) [001] ..... 100.009000: sys_renameat(olddfd: 0xffffffffffffff9c, oldname: 0x1b5640d2ed70)
`

// TestStart: each step of a start is found in what the kernel showed, with the process that did it, and nothing that
// was before the call.
func TestStart(t *testing.T) {
	t.Parallel()
	events, err := Parse(named(started))
	if err != nil {
		t.Fatal(err)
	}
	want := []proto.Mark{
		{What: "berthd hears the call", At: 0.5},
		{What: "supervisor has its order", At: 1},
		{What: "berthd has saved the state", At: 1.5},
		{What: "init is cloned", At: 2},
		{What: "init has left the host's mounts", At: 3},
		{What: "systemd has moved the process into the scope", At: 4},
		{What: "supervisor has placed init in its group", At: 5},
		{What: "init has its last namespace", At: 5.5},
		{What: "machined has saved the machine", At: 6},
		{What: "init is executed", At: 7},
		{What: "berthd has saved that it runs", At: 8},
	}
	got := Start(events, 100*time.Second+time.Millisecond, "/tinit")
	if diff := cmp.Diff(want, rounded(got)); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

// TestStop: each step of a stop is found, and the end of a thread is not taken for that of its process.
func TestStop(t *testing.T) {
	t.Parallel()
	events, err := Parse(named(`
          berthd-29237   (  29230) [001] ..... 100.000500: sys_recvmsg -> 0xc8
          berthd-29237   (  29230) [001] ..... 100.001000: sys_renameat(olddfd: 0xffffffffffffff9c)
           tinit-29421   (  29421) [000] ..... 100.002000: sched_process_exit: comm=tinit pid=29421 prio=120 group_dead=true
 SUPERVISOR-29416   (  29412) [000] ..... 100.002500: sched_process_exit: comm=SUPERVISOR pid=29416 prio=120 group_dead=false
 SUPERVISOR-29412   (  29412) [000] ..... 100.003000: sched_process_exit: comm=SUPERVISOR pid=29412 prio=120 group_dead=true
         systemd-29051   (  29051) [001] ..... 100.003500: sys_recvmsg -> 0x18
         systemd-29051   (  29051) [001] ..... 100.004000: cgroup_rmdir: root=0 id=1 level=3 path=/machine.slice/x/payload
         systemd-29051   (  29051) [001] ..... 100.004500: cgroup_rmdir: root=0 id=1 level=3 path=/machine.slice/x
 systemd-machine-29229   (  29229) [001] ..... 100.005000: sys_unlink(pathname: 0x55)
          berthd-29237   (  29230) [001] ..... 100.006000: sys_renameat2(olddfd: 0xffffffffffffff9c)
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []proto.Mark{
		{What: "berthd hears the call", At: 0.5},
		{What: "berthd has saved the order", At: 1},
		{What: "init has ended", At: 2},
		{What: "supervisor has ended", At: 3},
		{What: "systemd hears the first message", At: 3.5},
		{What: "systemd has removed the control group", At: 4.5},
		{What: "machined has dropped the machine", At: 5},
		{What: "berthd has saved the end", At: 6},
	}
	if diff := cmp.Diff(want, rounded(Stop(events, 100*time.Second, "/tinit"))); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

// TestExec: each step of a command is found, by the two processes that are born for it, and only the message after its
// end says that it has ended.
func TestExec(t *testing.T) {
	t.Parallel()
	events, err := Parse(named(`
          berthd-29237   (  29230) [001] ..... 100.000500: sys_recvmsg -> 0xc8
               4-29429   (  29424) [001] ..... 100.001000: sys_recvmsg -> 0x22b
               4-29429   (  29424) [001] ..... 100.001500: sched_process_fork: comm=4 pid=29429 child_comm=4 child_pid=29600
               4-29600   (  29600) [001] ..... 100.002000: sched_process_fork: comm=4 pid=29600 child_comm=4 child_pid=29601
               4-29600   (  29600) [001] ..... 100.002200: sched_process_exit: comm=4 pid=29600 prio=120 group_dead=true
          berthd-29237   (  29230) [001] ..... 100.002300: sys_recvmsg -> 0x10
           tinit-29601   (  29601) [000] ..... 100.002500: sched_process_exec: filename=/tinit pid=29601 old_pid=29601
           tinit-29601   (  29601) [000] ..... 100.003000: sched_process_exit: comm=tinit pid=29601 prio=120 group_dead=true
          berthd-29237   (  29230) [001] ..... 100.003500: sys_recvmsg -> 0x20
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []proto.Mark{
		{What: "berthd hears the call", At: 0.5},
		{What: "supervisor has its order", At: 1},
		{What: "the process is born that joins the container", At: 1.5},
		{What: "the command's process is born", At: 2},
		{What: "the command is executed", At: 2.5},
		{What: "the command has ended", At: 3},
		{What: "berthd hears of the end", At: 3.5},
	}
	if diff := cmp.Diff(want, rounded(Exec(events, 100*time.Second, "/tinit"))); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

// named puts the supervisor's name in, as the kernel cuts it.
func named(text string) string { return strings.ReplaceAll(text, "SUPERVISOR", supervisor[:15]) }

// rounded rounds the times, which are sums of decimal fractions.
func rounded(marks []proto.Mark) []proto.Mark {
	for i := range marks {
		marks[i].At = float64(int(marks[i].At*1000+0.5)) / 1000
	}
	return marks
}

// TestParseRefuses: a line that is no event is an error, and so is a result that is no number.
func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"nonsense\n",
		"          berthd-29376   (  29230) [001] ..... 100.000100: sys_recvmsg -> many\n",
		"          berthd-29376   [001] ..... 100.000100: sys_recvmsg -> 0x0\n", // without record-tgid
	} {
		if _, err := Parse(text); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}

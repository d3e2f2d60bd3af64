//go:build nest

package nest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// fault is one kind of what befalls a host.
type fault struct {
	name   string
	weight int
	// victim gives the process that it befalls, 0 when there is none now. A fault without is a command.
	victim  func(container string) int
	signal  unix.Signal // SIGSTOP is followed by SIGCONT
	command []string
	// dawns says that the victim is there only for a moment, so that it is waited for.
	dawns bool
	// named says that it comes only when KINDS has its name, or "all".
	named bool
}

// faults is the strength of the storm. KINDS has the names of those that are on.
//
// bus-kill comes by name only. Systemd 252 that is executed again, and machined that is starting, wait for
// the bus; a dbus-daemon that is starting waits for both, through nss-systemd. When it is killed at such a
// moment, nothing on the host goes on before a timeout of 90 s, whoever runs containers on it, and a minute
// of CI is over. TestBusKilled has it on a quiet host.
var faults = []fault{
	{name: "berthd-kill", weight: 4, victim: daemonOf("berthd"), signal: unix.SIGKILL},
	{name: "berthd-stop", weight: 2, victim: daemonOf("berthd"), signal: unix.SIGSTOP},
	{name: "berthd-restart", weight: 1, command: []string{"systemctl", "restart", "berthd.service"}},
	{name: "supervisor-kill", weight: 5, victim: supervisorOf, signal: unix.SIGKILL},
	{name: "supervisor-stop", weight: 5, victim: supervisorOf, signal: unix.SIGSTOP},
	{name: "stage-kill", weight: 3, victim: anyStage, signal: unix.SIGKILL, dawns: true},
	{name: "stage-stop", weight: 3, victim: anyStage, signal: unix.SIGSTOP, dawns: true},
	{name: "init-kill", weight: 4, victim: initOf, signal: unix.SIGKILL},
	{name: "init-stop", weight: 2, victim: initOf, signal: unix.SIGSTOP},
	{name: "machined-kill", weight: 3, victim: daemonOf("systemd-machined"), signal: unix.SIGKILL},
	{name: "machined-stop", weight: 2, victim: daemonOf("systemd-machined"), signal: unix.SIGSTOP},
	{name: "bus-kill", weight: 1, victim: daemonOf("dbus-daemon"), signal: unix.SIGKILL, named: true},
	{name: "bus-stop", weight: 1, victim: daemonOf("dbus-daemon"), signal: unix.SIGSTOP},
	{name: "systemd-reexec", weight: 1, command: []string{"systemctl", "daemon-reexec"}},
	{name: "systemd-reload", weight: 1, command: []string{"systemctl", "daemon-reload"}},
}

// chosenFaults are those that KINDS names; "none" names none, "all" all. Without it they are those that need
// no name.
func chosenFaults(names string) ([]fault, error) {
	switch names {
	case "":
		return slices.DeleteFunc(slices.Clone(faults), func(f fault) bool { return f.named }), nil
	case "all":
		return faults, nil
	}
	var chosen []fault
	for name := range strings.FieldsFuncSeq(names, func(r rune) bool { return r == ' ' || r == ',' }) {
		at := slices.IndexFunc(faults, func(f fault) bool { return f.name == name })
		switch {
		case at >= 0:
			chosen = append(chosen, faults[at])
		case name != "none":
			return nil, fmt.Errorf("KINDS: there is no %q", name)
		}
	}
	return chosen, nil
}

// blow is one fault that is to come.
type blow struct {
	fault
	wait, hold time.Duration // before it, and until SIGCONT
	container  string
}

// blows gives a striker's faults, one after the other, as orders does.
func blows(seed uint64, striker int, kinds []fault) func() blow {
	const pause, hold = 600, 1500 // ms, at most
	random := rand.New(rand.NewPCG(seed, 1000+uint64(striker)))
	total := 0
	for _, f := range kinds {
		total += f.weight
	}
	return func() blow {
		at, number, wait, held := random.IntN(total), random.IntN(stormSize), random.IntN(pause), random.IntN(hold)
		i := 0
		for ; at >= kinds[i].weight; i++ {
			at -= kinds[i].weight
		}
		return blow{fault: kinds[i], container: stormName(number), wait: time.Duration(wait) * time.Millisecond, hold: time.Duration(held) * time.Millisecond}
	}
}

// nobody is what strike says when the victim is not there.
const nobody = "nobody"

// strike carries a blow out, and says whom it met.
func (b blow) strike(ctx context.Context) string {
	if b.victim == nil {
		limited, cancel := context.WithTimeout(context.Background(), patience*3)
		defer cancel()
		if out, err := exec.CommandContext(limited, b.command[0], b.command[1:]...).CombinedOutput(); err != nil {
			return fmt.Sprintf("%v: %s", err, out)
		}
		return "done"
	}
	pid := b.victim(b.container)
	for deadline := time.Now().Add(b.hold); pid == 0 && b.dawns && time.Now().Before(deadline); pid = b.victim(b.container) {
		time.Sleep(time.Millisecond)
	}
	if pid == 0 {
		return nobody
	}
	fd, err := unix.PidfdOpen(pid, 0) // a pid alone may be another's by the time of SIGCONT
	if err != nil {
		return err.Error()
	}
	defer func() { _ = unix.Close(fd) }()
	name := strings.Join(cmdline(pid), " ")
	if err := unix.PidfdSendSignal(fd, b.signal, nil, 0); err != nil {
		return err.Error()
	}
	if b.signal == unix.SIGSTOP {
		await(ctx, b.hold)
		_ = unix.PidfdSendSignal(fd, unix.SIGCONT, nil, 0)
	}
	return fmt.Sprintf("%d %s", pid, name)
}

// await waits, less when the storm is over.
func await(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// TestStormFaults: KINDS chooses, and the sequence is the seed's.
func TestStormFaults(t *testing.T) {
	t.Parallel()
	for names, want := range map[string]int{"": len(faults) - 1, "all": len(faults), "none": 0, "bus-kill": 1, "bus-kill,bus-stop berthd-kill": 3} {
		if got, err := chosenFaults(names); len(got) != want || err != nil {
			t.Errorf("%q: %d faults, %v", names, len(got), err)
		}
	}
	if _, err := chosenFaults("bus-kil"); err == nil {
		t.Error("a name that is no fault's is accepted")
	}
	one, same := blows(7, 0, faults), blows(7, 0, faults)
	for range 1000 {
		a, b := one(), same()
		if a.name != b.name || a.container != b.container || a.wait != b.wait || a.hold != b.hold {
			t.Fatal("one seed gives two sequences")
		}
	}
}

// comm is what a process calls itself.
func comm(pid int) string {
	text, _ := os.ReadFile(proc(pid, "comm"))
	return strings.TrimSpace(string(text))
}

// cmdline gives the arguments of a process, none for one that just ends.
func cmdline(pid int) []string {
	text, err := os.ReadFile(proc(pid, "cmdline"))
	if err != nil {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(text), "\x00"), "\x00")
}

//go:build nest

package nest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// way is one way in which a run ends, and what the definition's actions make of it.
type way struct {
	init    string
	command string // PID stands for init's, ROOT for the directory that is the container's root
	action  string // which applies: on_poweroff, on_reboot, on_crash; "" if none does: it stays off
	reason  string // of a container that stays off
}

// ways are the ways to the end of a run. The guests say "up" when they are ready.
func ways() map[string]way {
	const (
		exits   = "trap 'exit 0' TERM HUP 38 39; echo up; while :; do sleep 0.05; done"
		termOff = "trap 'exit 0' TERM; echo up; while :; do sleep 0.05; done"
		reboots = "trap 'reboot -f' TERM HUP; echo up; while :; do sleep 0.05; done" // as busybox init does upon SIGTERM
		crashes = "echo up; read word < /tmp/word; ulimit -v 16; exec sleep 100000"  // execve(2) cannot go back, and ends in SIGSEGV
		intr    = "trap 'reboot -f' INT; echo up; while :; do sleep 0.05; done"
		waits   = "echo up; read word < /tmp/word; $word"
	)
	tell := func(word string) string { return "echo '" + word + "' > ROOT/tmp/word" }
	return map[string]way{
		"exit":                          {waits, tell("exit 3"), "on_poweroff", "shutdown"},
		"poweroff inside":               {waits, tell("poweroff -f"), "on_poweroff", "shutdown"},
		"halt inside":                   {waits, tell("halt -f"), "on_poweroff", "shutdown"},
		"reboot inside":                 {waits, tell("reboot -f"), "on_reboot", "shutdown"},
		"berthctl shutdown":             {exits, "berthctl shutdown web", "on_poweroff", "shutdown"},
		"berthctl shutdown, it reboots": {reboots, "berthctl shutdown web", "on_poweroff", "shutdown"},
		"berthctl reboot":               {exits, "berthctl reboot web", "on_reboot", "shutdown"},
		"berthctl reboot by SIGTERM":    {termOff, "berthctl reboot web", "on_reboot", "shutdown"},
		"berthctl reboot, it reboots":   {reboots, "berthctl reboot web", "on_reboot", "shutdown"},
		"berthctl destroy":              {exits, "berthctl destroy web", "", "destroyed"},
		"machinectl poweroff":           {exits, "machinectl poweroff web", "on_poweroff", "shutdown"},
		"machinectl reboot":             {intr, "machinectl reboot web", "on_reboot", "shutdown"},
		"machinectl terminate":          {exits, "machinectl terminate web", "", "shutdown"},
		"systemctl stop":                {exits, "systemctl stop machine-web.scope", "", "shutdown"},
		"systemctl kill":                {waits, "systemctl kill --signal=KILL machine-web.scope", "on_crash", "failed"},
		"kill -9 of init":               {waits, "kill -9 PID", "on_crash", "failed"}, // as the OOM killer does
		"init crashes":                  {crashes, tell("go"), "on_crash", "failed"},
	}
}

// TestLifecycleActions: each way to the end of a run has the consequence that the definition's action for it names, and
// a container that starts again is the same one.
func TestLifecycleActions(t *testing.T) {
	clean(t)
	for name, w := range ways() {
		for _, restarting := range []string{"on_poweroff", "on_reboot", "on_crash"} {
			t.Run(name+", "+restarting+" restart", func(t *testing.T) {
				clean(t)
				w.end(t, restarting)
			})
		}
	}
}

// end has one action restart the container, and the others not.
func (w way) end(t *testing.T, restarting string) {
	t.Helper()
	g := script(t, "web", w.init)
	run(t, "mkfifo", filepath.Join(g.Root, "tmp/word"))
	for _, action := range []string{"on_poweroff", "on_reboot", "on_crash"} {
		does := "destroy"
		if action == restarting {
			does = "restart"
		}
		g.More += "<" + action + ">" + does + "</" + action + ">"
	}
	g.start(t)
	says(t, "web", "up")
	before := info(t, "web")
	run(t, "sh", "-c", strings.NewReplacer("PID", pidOf(before.Leader), "ROOT", g.Root).Replace(w.command))
	if w.action != restarting {
		becomes(t, "web", "shutoff/"+w.reason)
		return
	}
	eventually(t, func() error {
		if i := info(t, "web"); i.State != "running" || i.Leader == before.Leader {
			return fmt.Errorf("it is %s, with init %d", i.State, i.Leader)
		}
		return nil
	})
	after := info(t, "web")
	if after.UUID != before.UUID || after.Name != before.Name || after.MachineName != before.MachineName || after.Unit != before.Unit {
		t.Errorf("it was %+v, and is %+v", before, after)
	}
	if got := machines(t); len(got) != 1 || got[0].Name != "web" {
		t.Errorf("machines %v", got)
	}
}

// TestModes: a request reaches init by the FIFO or by a signal as its mode says, and one that cannot reach it is an
// error.
func TestModes(t *testing.T) {
	clean(t)
	const (
		fifo   = "mkfifo /run/initctl; exec 3<>/run/initctl; trap 'echo by TERM; exit 0' TERM; trap 'echo by HUP; exit 0' HUP; echo up; head -c 384 <&3 | od -An -tx4 -N12; echo over; exit 0"
		signal = "trap 'echo by TERM; exit 0' TERM; trap 'echo by HUP; exit 0' HUP; echo up; while :; do sleep 0.05; done"
		deaf   = "echo up; exec sleep 100000"
		named  = "<container xmlns='urn:berth:container:1'><shutdown signal='SIGUSR1'/></container>"
		usr    = "mkfifo /run/initctl; exec 3<>/run/initctl; trap 'echo by USR1; exit 0' USR1; echo up; while :; do sleep 0.05; done"
	)
	for name, c := range map[string]struct {
		init, more, command string
		said, failed        string
	}{
		"shutdown by FIFO":                {fifo, "", "shutdown web", "03091969 00000001 00000030", ""},
		"shutdown only by FIFO":           {fifo, "", "shutdown web --mode initctl", "03091969 00000001 00000030", ""},
		"shutdown by FIFO, mapped":        {fifo, idmap, "shutdown web", "03091969 00000001 00000030", ""},
		"reboot by signal, mapped":        {signal, idmap, "reboot web", "by HUP", ""},
		"reboot by FIFO":                  {fifo, "", "reboot web", "03091969 00000001 00000036", ""},
		"FIFO first":                      {fifo, "", "shutdown web --mode signal,initctl", "03091969 00000001 00000030", ""},
		"shutdown by signal":              {signal, "", "shutdown web", "by TERM", ""},
		"reboot by signal":                {signal, "", "reboot web", "by HUP", ""},
		"no FIFO":                         {signal, "", "shutdown web --mode initctl", "", "no process of the container reads requests"},
		"no FIFO to reboot":               {signal, "", "reboot web --mode initctl", "", "no process of the container reads requests"},
		"deaf":                            {deaf, "", "shutdown web", "", "init listens to no signal"},
		"deaf to a signal":                {deaf, "", "shutdown web --mode signal", "", "init listens to no signal"},
		"deaf to a reboot":                {deaf, "", "reboot web", "", "init listens to no signal"},
		"the definition's signal":         {usr, named, "shutdown web", "by USR1", ""},
		"the definition's signal, reboot": {usr, named, "reboot web --mode signal", "by USR1", ""},
		"an unknown mode":                 {signal, "", "shutdown web --mode acpi", "", `no mode "acpi": the modes are auto, initctl and signal`},
		"a paused container":              {signal, "", "suspend web", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			g := script(t, "web", c.init)
			g.More = "<on_reboot>destroy</on_reboot>" + c.more
			g.start(t)
			says(t, "web", "up")
			r := try(t, "berthctl", strings.Fields(c.command)...)
			switch {
			case c.command == "suspend web":
				for _, verb := range []string{"shutdown", "reboot"} {
					if r := try(t, "berthctl", verb, "web"); r.Status != 1 || !strings.Contains(r.Err, verb+" is not possible while the domain is paused") {
						t.Errorf("%s: %+v", verb, r)
					}
				}
			case c.failed != "":
				if r.Status != 1 || !strings.Contains(r.Err, c.failed) {
					t.Errorf("%+v", r)
				}
				becomes(t, "web", "running/booted")
			default:
				if r.Status != 0 {
					t.Errorf("%+v", r)
				}
				becomes(t, "web", "shutoff/shutdown")
				says(t, "web", c.said)
			}
		})
	}
}

// TestWait: berthctl waits until a run is over, also while the daemon is restarted or killed, or gives up after its
// time.
func TestWait(t *testing.T) {
	clean(t)
	const slow = "trap 'sleep 2; exit 0' TERM; trap 'exit 0' HUP; echo up; while :; do sleep 0.05; done"
	for name, disturb := range map[string]string{"undisturbed": "true", "restarted": "systemctl restart berthd", "killed": "systemctl kill --signal=KILL --kill-whom=main berthd"} {
		t.Run(name, func(t *testing.T) {
			script(t, "web", slow).start(t)
			says(t, "web", "up")
			cmd := exec.Command("berthctl", "shutdown", "web", "--wait")
			var out strings.Builder
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(300 * time.Millisecond) // it waits by now; if not, the test shows less
			run(t, "sh", "-c", disturb)
			if err := cmd.Wait(); err != nil || out.String() != "Domain 'web' is shut off (shutdown)\n" {
				t.Errorf("%v: %s", err, &out)
			}
			if i := info(t, "web"); i.State != "shutoff" {
				t.Errorf("it is %s", i.State)
			}
		})
	}
	t.Run("out of time", func(t *testing.T) {
		g := script(t, "web", "trap 'while [ ! -e /go ]; do sleep 0.1; done; exit 0' TERM; echo up; while :; do sleep 0.05; done")
		g.start(t)
		says(t, "web", "up")
		if r := try(t, "berthctl", "shutdown", "web", "--wait", "--timeout", "1"); r.Status != 1 || !strings.Contains(r.Err, "did not shut down within 1 s") {
			t.Errorf("%+v", r)
		}
		if err := os.WriteFile(filepath.Join(g.Root, "go"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		becomes(t, "web", "shutoff/shutdown")
	})
	t.Run("a destroy overtakes it", func(t *testing.T) {
		script(t, "web", "trap : TERM; echo up; while :; do sleep 0.05; done").start(t)
		says(t, "web", "up")
		cmd := exec.Command("berthctl", "shutdown", "web", "--wait")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		run(t, "berthctl", "destroy", "web")
		_ = cmd.Wait() // it found the container off, or waited for that
	})
	t.Run("at a terminal", func(t *testing.T) {
		script(t, "web", slow).start(t)
		says(t, "web", "up")
		out := run(t, "script", "-qec", "berthctl shutdown web --wait", "/dev/null")
		if !regexp.MustCompile(`(?s)Waiting for domain 'web' to shut down: 0 s.*\rWaiting for domain 'web' to shut down: [1-9]\d* s.*Domain 'web' is shut off \(shutdown\)`).MatchString(out) {
			t.Errorf("it says %q", out)
		}
	})
	t.Run("until it runs again", func(t *testing.T) {
		script(t, "web", slow).start(t)
		says(t, "web", "up")
		if got := run(t, "berthctl", "reboot", "web", "--wait"); got != "Domain 'web' is running again" {
			t.Errorf("it says %q", got)
		}
	})
}

// TestReset: a reset is a new life of the same container at the reply, whatever its actions say.
func TestReset(t *testing.T) {
	clean(t)
	g := sleeper(t, "web")
	g.More = "<on_poweroff>destroy</on_poweroff><on_reboot>destroy</on_reboot><on_crash>destroy</on_crash>"
	g.start(t)
	before := info(t, "web")
	if got := run(t, "berthctl", "reset", "web"); got != "Domain 'web' was reset" {
		t.Errorf("it says %q", got)
	}
	after := info(t, "web")
	if after.State != "running" || after.Leader == before.Leader || after.UUID != before.UUID || exists("/proc/"+pidOf(before.Leader)) {
		t.Errorf("it was %+v, and is %+v", before, after)
	}
	run(t, "berthctl", "suspend", "web")
	run(t, "berthctl", "reset", "web")
	run(t, "berthctl", "destroy", "web")
	if r := try(t, "berthctl", "reset", "web"); r.Status != 1 || !strings.Contains(r.Err, "domain is not running") {
		t.Errorf("of a container that is off: %+v", r)
	}
}

// TestInitctlOfTheHost: no container makes a request reach the host's init: not one that shares the host's root, and
// not one that swaps its FIFO for links to the host's (CVE-2013-6456).
func TestInitctlOfTheHost(t *testing.T) {
	clean(t)
	if i, err := os.Stat("/run/initctl"); err != nil || i.Mode().Type() != os.ModeNamedPipe {
		t.Fatalf("the host has no FIFO: %v, %v", i, err)
	}
	silent := func(t *testing.T) {
		t.Helper()
		if got := run(t, "systemctl", "show", "--property=ActiveEnterTimestampMonotonic", "--value", "systemd-initctl.service"); got != "0" {
			t.Error("the host's init was sent a request")
		}
	}
	swaps := "while :; do ln -sfn /run/initctl /dev/initctl; ln -sfn ../../../../../../run/initctl /etc/.initctl; rm -f /run/initctl; mkfifo /run/initctl; " +
		"mv /run /run2; ln -s ../../../run /run; rm /run; mv /run2 /run; done"
	for name, g := range map[string]guest{
		"shares the root": {Name: "web", Init: "/bin/sh", Args: "<initarg>-c</initarg><initarg>exec 3&lt;>/run/initctl; echo up; exec sleep 100000</initarg>"},
		"swaps":           script(t, "web", "echo up; "+swaps),
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			g.start(t)
			says(t, "web", "up")
			for range 50 {
				for _, verb := range []string{"shutdown", "reboot"} {
					if r := try(t, "berthctl", verb, "web", "--mode", "initctl"); r.Status != 1 {
						t.Errorf("%s: %+v", verb, r)
					}
				}
			}
			silent(t)
		})
	}
}

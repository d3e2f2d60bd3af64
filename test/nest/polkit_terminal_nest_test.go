//go:build nest

package nest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/contract"
)

// onTerminal has a user run berthctl on a terminal, and type an answer to each question for a password. It returns what
// the user saw, and the exit status.
func onTerminal(t *testing.T, name, answer string, args ...string) (seen string, status int) {
	t.Helper()
	master, tty := pty(t)
	slave, err := os.OpenFile(tty, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	before := settings(t, slave)
	cmd := exec.Command("setpriv", append([]string{"--reuid", name, "--regid", name, "--init-groups", "--", "berthctl"}, args...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		if after := settings(t, slave); after != before {
			t.Errorf("the terminal has %+v, not %+v", after, before)
		}
		_ = slave.Close() // the last one who has it: the master ends
		close(ended)
	}()
	_ = master.SetReadDeadline(time.Now().Add(patience))
	for buf := make([]byte, 4096); ; {
		n, err := master.Read(buf)
		if err != nil {
			break
		}
		seen += string(buf[:n])
		if strings.HasSuffix(seen, "Password: ") {
			eventually(t, func() error { // what is typed before is thrown away
				if settings(t, slave).Lflag&unix.ECHO != 0 {
					return errors.New("the password would be seen")
				}
				return nil
			})
			_, _ = master.WriteString(answer)
		}
	}
	<-ended
	return seen, cmd.ProcessState.ExitCode()
}

// noAgents waits until there is no process of pkttyagent.
func noAgents(t *testing.T) {
	t.Helper()
	eventually(t, func() error {
		for pid, name := range processes(t) {
			if name == "pkttyagent" {
				return fmt.Errorf("agent %d is left", pid)
			}
		}
		return nil
	})
}

// TestPolkitTerminal: on a terminal, berthctl lets polkit ask for a password, only if one is needed; the terminal is as
// it was, and the agent is gone, after the right one, a wrong one, and Ctrl-C. --no-ask-password and an input that is
// no terminal ask nobody, and say what to do.
func TestPolkitTerminal(t *testing.T) {
	people(t, "alice")
	webAndDB(t)
	polkitRules(t, `polkit.addRule(function (action, subject) {
		if (action.id == "org.berth1.read" || action.lookup("container") == "db") return polkit.Result.YES;
	});`)
	for _, tc := range []struct {
		name, answer, line string
		status             int
		asks               int
		sees               string
	}{
		{"the password", rootPassword + "\r", "suspend web", 0, 1, "Domain 'web' suspended"},
		{"no question", "", "suspend db", 0, 0, "Domain 'db' suspended"},
		{"a wrong password", "wrong\r", "resume web", 1, 1, "as root"},
		{"interrupted", "\x03", "resume web", 1, 1, ""},
		{"nobody asks", "", "--no-ask-password resume web", 1, 0, "without --no-ask-password"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			restartPolkit(t)
			seen, status := onTerminal(t, "alice", tc.answer, strings.Fields(tc.line)...)
			if asks := strings.Count(seen, "Password: "); status != tc.status || asks != tc.asks || !strings.Contains(seen, tc.sees) {
				t.Errorf("status %d, asked %d times:\n%s", status, asks, seen)
			}
			noAgents(t)
		})
	}
	if r := as(t, "alice", "berthctl", "resume", "web"); r.Status != 1 || !strings.Contains(r.Err, "try again on a terminal") {
		t.Errorf("%+v", r)
	}
	if got := info(t, "web").State + info(t, "db").State; got != "pausedpaused" {
		t.Errorf("web and db are %s", got)
	}
	hidden := filepath.Join("/usr/bin", "pkttyagent")
	if err := os.Rename(hidden, hidden+".away"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Rename(hidden+".away", hidden) })
	if seen, status := onTerminal(t, "alice", "", "resume", "web"); status != 1 || !strings.Contains(seen, "pkttyagent: executable file not found") {
		t.Errorf("status %d: %s", status, seen)
	}
}

// TestPolkitTerminalFirst: a user who may not even see a container is asked for that first, by one agent.
func TestPolkitTerminalFirst(t *testing.T) {
	people(t, "alice")
	webAndDB(t)
	restartPolkit(t)
	seen, status := onTerminal(t, "alice", rootPassword+"\r", "suspend", "web")
	first, second := strings.Index(seen, contract.ActionRead), strings.Index(seen, contract.ActionControl)
	if asks := strings.Count(seen, "Password: "); status != 0 || asks != 2 || first < 0 || second < first {
		t.Errorf("status %d, asked %d times:\n%s", status, asks, seen)
	}
	noAgents(t)
}

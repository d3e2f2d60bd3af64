package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// fakeAgent puts a script in the place of the agent, and returns the file where that may write.
func fakeAgent(t *testing.T, script string) (file string) {
	t.Helper()
	dir := t.TempDir()
	file = filepath.Join(dir, "file")
	text := "#!/bin/sh\nfile=" + file + "\n" + script + "\n"
	if err := os.WriteFile(filepath.Join(dir, agentProgram), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return file
}

// TestAgent: berthctl waits until the agent is registered, and ends that process and no other.
func TestAgent(t *testing.T) {
	file := fakeAgent(t, `echo "$$ $@" > $file; exec 3>&-; exec sleep 1000`)
	g, err := startAgent(t.Context(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, options, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	if pid != strconv.Itoa(g.process.Pid) || !strings.HasPrefix(options, "--notify-fd 3") {
		t.Errorf("%q, not %d", text, g.process.Pid)
	}
	g.stop()
	if err := syscall.Kill(g.process.Pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the agent is there: %v", err)
	}
}

// TestAgentOptions: the agent lets one of a desktop go first, where there can be one.
func TestAgentOptions(t *testing.T) {
	t.Parallel()
	for groups, want := range map[string]string{
		"0::/user.slice/user-1000.slice/session-2.scope\n":                       "--notify-fd 3 --fallback",
		"1:name=systemd:/user.slice/user-1000.slice/user@1000.service/app\n0::/": "--notify-fd 3 --fallback",
		"0::/system.slice/getty@tty1.service\n":                                  "--notify-fd 3",
		"0::/\n":                                                                 "--notify-fd 3",
		"":                                                                       "--notify-fd 3",
	} {
		if got := strings.Join(agentOptions(groups), " "); got != want {
			t.Errorf("%q: %s", groups, got)
		}
	}
}

// TestAgentFails: one that ends at once, is not installed, or never registers keeps nobody waiting.
func TestAgentFails(t *testing.T) {
	fakeAgent(t, "exit 1")
	g, err := startAgent(t.Context(), nil, nil)
	if err != nil {
		t.Error(err)
	}
	g.stop()
	fakeAgent(t, "exec sleep 1000")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	g, err = startAgent(ctx, nil, nil)
	if err != nil {
		t.Error(err)
	}
	g.stop()
	t.Setenv("PATH", "")
	if g, err = startAgent(t.Context(), nil, nil); err == nil || err.Error() != agentProgram+": "+exec.ErrNotFound.Error() {
		t.Errorf("%v", err)
	}
	g.stop()
}

// TestAsks: who asks the user is decided by the terminal, the user and --no-ask-password. The agent ends with the
// command.
func TestAsks(t *testing.T) {
	for name, tt := range map[string]struct {
		line     string
		terminal bool
		want     string // the fake's calls
		started  bool
	}{
		"a terminal":                 {"suspend web", true, "AskBy, ByName web, Suspend web", true},
		"no terminal":                {"suspend web", false, "ByName web, Suspend web", false},
		"nobody on a terminal":       {"--no-ask-password suspend web", true, "AskNobody, ByName web, Suspend web", false},
		"nobody without a terminal":  {"suspend web --no-ask-password", false, "AskNobody, ByName web, Suspend web", false},
		"a completion":               {"__complete suspend w", false, "AskNobody, List", false},
		"a command without a daemon": {"help", true, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			file := fakeAgent(t, `echo "$$" > $file; exec 3>&-; exec sleep 1000`)
			f := fleet()
			cfg := config(f)
			cfg.Agent, cfg.Root = tt.terminal, false
			if got := runWith(t.Context(), cfg, strings.Fields(tt.line)...); got.status != 0 {
				t.Errorf("%+v", got)
			}
			if got := strings.Join(f.calls, ", "); got != tt.want {
				t.Errorf("called %s", got)
			}
			text, err := os.ReadFile(file)
			if (err == nil) != tt.started {
				t.Fatalf("started: %s, %v", text, err)
			}
			if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
				t.Error("the agent is there")
			}
		})
	}
}

// TestAgentOfTheShell: the agent of one command of the shell has ended when the next one begins.
func TestAgentOfTheShell(t *testing.T) {
	file := fakeAgent(t, `echo "$$" >> $file; exec 3>&-; exec sleep 1000`)
	f := fleet()
	alive := []int{}
	f.hook = func(method string) {
		if method != "Suspend" && method != "Resume" {
			return
		}
		text, _ := os.ReadFile(file)
		n := 0
		for pid := range strings.FieldsSeq(string(text)) {
			if pid, err := strconv.Atoi(pid); err == nil && syscall.Kill(pid, 0) == nil {
				n++
			}
		}
		alive = append(alive, n)
	}
	cfg := config(f)
	cfg.Agent, cfg.Root = true, false
	if got := runWith(t.Context(), cfg, "suspend web; resume web; suspend web"); got.status != 0 {
		t.Errorf("%+v", got)
	}
	if fmt.Sprint(alive) != "[1 1 1]" {
		t.Errorf("%v agents at each command", alive)
	}
}

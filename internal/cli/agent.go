package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// agentProgram asks for passwords on the terminal, for polkit.
const agentProgram = "pkttyagent"

// agent is a running agentProgram.
type agent struct {
	process *os.Process
	ended   chan struct{} // closed when the process has ended
}

// letAsk says who asks the user for a password if polkit wants one.
func (a *app) letAsk(d Daemon) {
	switch {
	case a.noAsk:
		d.AskNobody()
	case a.Agent && a.host == "": // the passwords of another host are that host's matter
		d.AskBy(func(ctx context.Context) error {
			_ = a.out.Flush() // the question comes after what was printed
			a.agent, a.agentErr = startAgent(ctx, a.In, a.Err)
			return a.agentErr
		})
	}
}

// agentOptions returns the options of the agent of a process in these control groups, as in /proc/PID/cgroup.
// --fallback leaves the question to the agent of a desktop, if there is one. polkit ignores such an agent of a process
// that is in no session of logind, and so in none of the user slices: that process has no desktop.
func agentOptions(groups string) []string {
	options := []string{"--notify-fd", "3"}
	if strings.Contains(groups, "/user.slice/") {
		options = append(options, "--fallback")
	}
	return options
}

// startAgent starts the agent and returns when polkit knows of it.
func startAgent(ctx context.Context, in io.Reader, errs io.Writer) (*agent, error) {
	registered, closes, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", agentProgram, err)
	}
	defer registered.Close()
	groups, _ := os.ReadFile("/proc/self/cgroup")
	cmd := exec.Command(agentProgram, agentOptions(string(groups))...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, errs, errs
	cmd.ExtraFiles = []*os.File{closes}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	g, started := &agent{ended: make(chan struct{})}, make(chan error)
	go func() {
		runtime.LockOSThread() // Pdeathsig comes when the thread ends that has started the process
		defer close(g.ended)
		err := cmd.Start()
		_ = closes.Close()
		started <- err
		if err == nil {
			_ = cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("%s: %w", agentProgram, unwrapped(err))
	}
	g.process = cmd.Process
	stop := context.AfterFunc(ctx, func() { _ = registered.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	_, _ = registered.Read(make([]byte, 1)) // the agent closes its end when it is registered, or ends
	return g, nil
}

// stop ends the agent. It sets the terminal as it was. One that was stopped with Ctrl-Z goes on for that.
func (g *agent) stop() {
	if g == nil {
		return
	}
	_ = g.process.Signal(syscall.SIGTERM)
	_ = g.process.Signal(syscall.SIGCONT)
	<-g.ended
}

// unwrapped leaves out that the error is of starting a program.
func unwrapped(err error) error {
	if e, ok := errors.AsType[*exec.Error](err); ok {
		return e.Err
	}
	return err
}

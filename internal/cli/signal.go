package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
)

func (a *app) signalCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "send-process-signal", Short: "Send a signal to a process of a container"}
	pid := &operand{name: "pid", about: "the `PID` of a process in the container; init is 1"}
	name := &operand{name: "signame", about: "the `SIGNAL`, as a number or a name such as hup, SIGTERM or rtmin+4", complete: completeSignals}
	return a.domainCommand(cmd, nameUUIDOrID, fitting{States: []string{"running", "paused"}}, func(ctx context.Context, d Daemon, t target) error {
		n, err := strconv.ParseInt(pid.value, 10, 64)
		if err != nil {
			return fmt.Errorf("malformed PID value: %s", pid.value)
		}
		sig, ok := signalNumber(name.value)
		if !ok {
			return fmt.Errorf("malformed signal name: %s", name.value)
		}
		return d.SendProcessSignal(ctx, t.path, n, sig)
	}, pid, name)
}

// completeSignals completes the name of a signal in the way that it was begun: term, TERM, SIGTERM or sigterm.
func completeSignals(_ *cobra.Command, _ []string, given string) ([]string, cobra.ShellCompDirective) {
	upper := strings.ToUpper(given)
	var list []string
	for n := syscall.Signal(1); n < rtmin; n++ {
		name := unix.SignalName(n)
		if name == "" {
			continue
		}
		if !strings.HasPrefix(upper, "SIG") {
			name = strings.TrimPrefix(name, "SIG")
		}
		if given == "" || given != upper {
			name = strings.ToLower(name)
		}
		list = append(list, name)
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}

// rtmin is SIGRTMIN of glibc and musl.
const rtmin, rtmax = 34, 64

// signalNumber reads a signal: a number, or a name in any case and with or without SIG.
func signalNumber(s string) (uint32, bool) {
	if n, err := strconv.ParseUint(s, 10, 32); err == nil {
		return uint32(n), n <= rtmax
	}
	name := strings.TrimPrefix(strings.ToUpper(s), "SIG")
	if plus, ok := strings.CutPrefix(name, "RTMIN"); ok {
		if plus == "" {
			return rtmin, true
		}
		n, err := strconv.ParseUint(strings.TrimPrefix(plus, "+"), 10, 32)
		return uint32(rtmin + n), err == nil && rtmin+n <= rtmax && plus[0] == '+'
	}
	if n := unix.SignalNum("SIG" + name); n != 0 {
		return uint32(n), n != syscall.Signal(0)
	}
	return 0, name == "NOP" // virsh's name of signal 0
}

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
	var domain, pid, name string
	run := func(ctx context.Context, d Daemon, t target) error {
		n, err := strconv.ParseInt(pid, 10, 64)
		if err != nil {
			return fmt.Errorf("malformed PID value: %s", pid)
		}
		sig, ok := signalNumber(name)
		if !ok {
			return fmt.Errorf("malformed signal name: %s", name)
		}
		return d.SendProcessSignal(ctx, t.path, n, sig)
	}
	a.domainCommand(cmd, nameUUIDOrID, fitting{States: []string{"running", "paused"}}, run)
	act, domains := cmd.RunE, cmd.ValidArgsFunction
	cmd.Use = cmd.Name() + " DOMAIN PID SIGNAL"
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if !cmd.Flags().Changed("domain") && len(args) > 0 {
			domain, args = args[0], args[1:]
			if err := cmd.Flags().Set("domain", domain); err != nil {
				return err
			}
		}
		for _, o := range []struct {
			name string
			to   *string
		}{{"pid", &pid}, {"signame", &name}} {
			switch {
			case cmd.Flags().Changed(o.name):
			case len(args) > 0:
				*o.to, args = args[0], args[1:]
			default:
				return fmt.Errorf("command '%s' requires <%s> option", cmd.Name(), o.name)
			}
		}
		if len(args) > 0 {
			return unexpected(args[0])
		}
		if !cmd.Flags().Changed("domain") {
			return fmt.Errorf("command '%s' requires <domain> option", cmd.Name())
		}
		return nil
	}
	cmd.Flags().StringVar(&pid, "pid", "", "the `PID` of a process in the container; init is 1")
	cmd.Flags().StringVar(&name, "signame", "", "the `SIGNAL`, as a number or a name such as hup, SIGTERM or rtmin+4")
	cmd.RunE = act
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, given string) ([]string, cobra.ShellCompDirective) {
		place := len(args) // among DOMAIN, PID and SIGNAL
		if cmd.Flags().Changed("domain") {
			place++
		}
		if place > 0 && cmd.Flags().Changed("pid") {
			place++
		}
		switch {
		case place == 0:
			return domains(cmd, args, given)
		case place == 2 && !cmd.Flags().Changed("signame"):
			return completeSignals(cmd, args, given)
		}
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	// The only errors are that the flag does not exist.
	_ = cmd.RegisterFlagCompletionFunc("pid", cobra.NoFileCompletions)
	_ = cmd.RegisterFlagCompletionFunc("signame", completeSignals)
	return cmd
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

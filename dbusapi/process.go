package dbusapi

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/bus"
	"github.com/berthd/berth/service"
)

// maxCommand bounds the arguments of Exec. The message to the supervisor has no more room.
const maxCommand = 120 << 10

// maxExecWait bounds the option "wait-usec" of Exec.
const maxExecWait = 10 * time.Second

// lastSignal is the largest number of a signal.
const lastSignal = 64

func execOptions() map[string]string {
	return map[string]string{
		"env": "as", "directory": "s", "user": "s", "group": "s", "terminal": "b", "rows": "u", "columns": "u", "stdio": "ah", "no-label": "b",
		"wait-usec": "t",
	}
}

func execute(ctx context.Context, s *Server, c *call) ([]any, error) {
	command := service.Command{
		Argv: c.args[0].([]string), Env: option[[]string](c, "env"), Dir: option[string](c, "directory"),
		User: option[string](c, "user"), Group: option[string](c, "group"),
		Terminal: option[bool](c, "terminal"), Rows: option[uint32](c, "rows"), Columns: option[uint32](c, "columns"),
		NoLabel: option[bool](c, "no-label"),
	}
	for _, v := range command.Env {
		if strings.IndexByte(v, '=') < 1 {
			return nil, badArgument(fmt.Sprintf("%.60q is not NAME=VALUE", v))
		}
	}
	wait := option[uint64](c, "wait-usec")
	command.Soon = wait > 0
	if wait > uint64(maxExecWait.Microseconds()) {
		return nil, badArgument(fmt.Sprintf("wait-usec %d is more than %d", wait, maxExecWait.Microseconds()))
	}
	var stdio []*os.File
	if c.given("stdio") {
		for _, n := range option[[]dbus.UnixFDIndex](c, "stdio") {
			stdio = append(stdio, c.file(n))
		}
		if len(stdio) != 3 {
			return nil, stdError(contract.ErrorInvalidArgs, "option \"stdio\" of Exec has %d descriptors, not 3", len(stdio))
		}
	}
	entered, err := s.takeCommand(c)
	if err != nil {
		return nil, err
	}
	p, ends, err := s.core.Exec(ctx, c.uuid, command, stdio)
	if err != nil {
		entered(nil)
		return nil, err
	}
	if p.Over && command.Soon { // it has no object
		entered(nil)
	} else {
		entered(&p.ProcessKey)
	}
	if ctx.Err() != nil { // nobody gets the reply
		bus.CloseFiles(ends)
		return nil, context.Cause(ctx)
	}
	names := []string{"stdin", "stdout", "stderr"}
	if command.Terminal {
		names = []string{"terminal"}
	}
	named := map[string]dbus.Variant{} // an array of descriptors would be nicer, but godbus cannot read one
	for i, f := range ends {
		named[names[i]] = dbus.MakeVariant(c.give(f))
	}
	switch {
	case p.Over && command.Soon:
		named["exit"] = dbus.MakeVariant(lastExit{p.Exit.Code, p.Exit.Kind})
	case wait > 0:
		// An error says that it goes on, or that somebody else has read its end.
		ctx, cancel := context.WithTimeout(ctx, time.Duration(wait)*time.Microsecond)
		defer cancel()
		if p, err := s.core.WaitProcess(ctx, p.ProcessKey); err == nil {
			named["exit"] = dbus.MakeVariant(lastExit{p.Exit.Code, p.Exit.Kind})
		}
	}
	return []any{ProcessPath(p.ProcessKey), named}, nil
}

func sendProcessSignal(ctx context.Context, s *Server, c *call) ([]any, error) {
	pid, sig := c.args[0].(int64), c.args[1].(uint32)
	if pid > math.MaxInt32 {
		return nil, badArgument(fmt.Sprintf("there is no process %d", pid))
	}
	if pid < 1 {
		return nil, badArgument(fmt.Sprintf("there is no process %d, a PID is 1 or more", pid))
	}
	if sig > lastSignal {
		return nil, badArgument(fmt.Sprintf("there is no signal %d", sig))
	}
	return nil, s.core.SignalInside(ctx, c.uuid, uint32(pid), syscall.Signal(sig))
}

func processIface() *iface {
	return newIface(contract.ProcessInterface, processProperties(),
		&method{
			name: "Wait", in: "a{sv}", out: "is", action: contract.ActionExec, waits: true, doing: "wait for a command in domain",
			run: waitProcess,
		},
		&method{
			name: "Kill", in: "ia{sv}", action: contract.ActionExec, asks: true, doing: "send a signal to a command in domain",
			run: killProcess,
		},
		&method{
			name: "Resize", in: "uua{sv}", action: contract.ActionExec, asks: true, doing: "resize the terminal of a command in domain",
			run: resizeProcess,
		},
	)
}

func processProperties() []property {
	return []property{
		{"Container", "o", emitsConst, func(v view) any { return ContainerPath(v.process.Container) }},
		{"PID", "u", emitsConst, func(v view) any { return v.process.PID }},
		{"Command", "s", emitsConst, func(v view) any { return v.process.Command }},
		{"State", "s", emitsValue, func(v view) any {
			if v.process.Over {
				return "ended"
			}
			return "running"
		}},
		{"Exit", "(is)", emitsValue, func(v view) any { return lastExit{v.process.Exit.Code, v.process.Exit.Kind} }},
	}
}

// findProcess finds the command of a call.
func (s *Server) findProcess(c *call) error {
	c.process, _ = parseProcess(c.path)
	if now := s.core.Subject(c.uuid); !c.permit.Covers(now) {
		renewed, err := c.permit.Renew(now)
		if err != nil {
			return s.refused(c, err)
		}
		c.permit = renewed
	}
	_, err := s.core.Process(c.process)
	if errors.Is(err, service.ErrNoProcess) {
		return c.missing()
	}
	if snap, err := s.core.ByUUID(c.uuid); err == nil {
		c.subject = snap.Name
	}
	return err
}

func waitProcess(ctx context.Context, s *Server, c *call) ([]any, error) {
	p, err := s.core.WaitProcess(ctx, c.process)
	if err != nil {
		return nil, err
	}
	return []any{p.Exit.Code, p.Exit.Kind}, nil
}

func killProcess(_ context.Context, s *Server, c *call) ([]any, error) {
	sig := c.args[0].(int32)
	if sig < 0 || sig > lastSignal {
		return nil, badArgument(fmt.Sprintf("there is no signal %d", sig))
	}
	return nil, s.core.SignalProcess(c.process, syscall.Signal(sig))
}

func resizeProcess(_ context.Context, s *Server, c *call) ([]any, error) {
	return nil, s.core.ResizeProcess(c.process, c.args[0].(uint32), c.args[1].(uint32))
}

// ProcessChanged implements service.Observer.
func (s *Signals) ProcessChanged(before, after *service.Process) {
	s.mu.Lock()
	defer s.mu.Unlock()
	of := after
	if of == nil {
		of = before
	}
	s.about.subject.UUID = of.Container
	defer func() { s.about = about{} }()
	props := processProperties()
	switch {
	case after == nil:
		s.emit(rootPath, objectManagerName, "InterfacesRemoved", ProcessPath(before.ProcessKey), []string{contract.ProcessInterface})
	case before == nil:
		s.emit(rootPath, objectManagerName, "InterfacesAdded", ProcessPath(after.ProcessKey),
			map[string]map[string]dbus.Variant{contract.ProcessInterface: values(props, view{process: after})})
	default:
		if diff := changed(props, view{process: before}, view{process: after}); len(diff) > 0 {
			s.emit(ProcessPath(after.ProcessKey), propertiesName, "PropertiesChanged", contract.ProcessInterface, diff, []string{})
		}
	}
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/client"
)

// running connects a command in a container with this process. With a terminal on both sides the command has a terminal
// of its own. Otherwise it has pipes: it never gets a descriptor of this host, of which its terminal could be told to
// type.
type running struct {
	app     *app
	command client.Command
	signals chan os.Signal
	tty     *terminal // nil if the command has none
}

// passed are the signals that the command gets in place of this process.
func passed() []os.Signal {
	return []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2}
}

func newRunning(a *app, o *execOptions) *running {
	s := &running{app: a, signals: make(chan os.Signal, 8)}
	s.command = client.Command{Argv: o.argv, Env: o.env, Dir: o.dir, User: o.user, Group: o.group, NoLabel: o.noLabel}
	if in := terminalOf(a.In); in != nil && isTerminal(a.Out) {
		s.tty, s.command.Terminal = in, true
		rows, columns := in.size() // without a size the command's terminal has none, too
		s.command.Rows, s.command.Columns = uint32(rows), uint32(columns)
		if term := a.Getenv("TERM"); term != "" {
			s.command.Env = append([]string{"TERM=" + term}, s.command.Env...)
		}
	}
	signal.Notify(s.signals, passed()...)
	return s
}

func (s *running) close() { signal.Stop(s.signals) }

// run passes everything on until the command has ended.
func (s *running) run(ctx context.Context, d Daemon, x client.Execution) (client.Exit, error) {
	streams := map[string]stream{}
	for name, f := range x.Ends {
		one, err := newStream(f)
		if err != nil {
			return client.Exit{}, fmt.Errorf("%s of the command: %w", name, err)
		}
		streams[name] = one
		defer func() { _ = one.Close() }()
	}
	if s.tty != nil {
		done, err := s.tty.use(func() { s.tty.resize(streams["terminal"].File) })
		if err != nil {
			return client.Exit{}, err
		}
		defer done()
	}
	over := make(chan struct{})
	defer close(over)
	go s.pass(ctx, d, x, streams, over)
	go s.feed(streams)
	var copies sync.WaitGroup
	outputs := s.outputs(streams)
	errs := make([]error, len(outputs))
	for i, o := range outputs {
		copies.Go(func() { errs[i] = o.from.copyTo(o.to) })
	}
	exit, err := wait(ctx, d, x.Process)
	for _, o := range outputs {
		o.from.stop()
	}
	copies.Wait()
	for i, o := range outputs {
		errs[i] = errors.Join(errs[i], o.from.rest(o.to))
	}
	if err == nil {
		err = errors.Join(errs...)
	}
	return exit, err
}

// output is one way from the command to this process.
type output struct {
	from stream
	to   io.Writer
}

func (s *running) outputs(streams map[string]stream) (list []output) {
	for name, to := range map[string]io.Writer{"terminal": s.app.Out, "stdout": s.app.Out, "stderr": s.app.Err} {
		if from, ok := streams[name]; ok {
			list = append(list, output{from, to})
		}
	}
	return list
}

// feed passes on what this process reads. The command sees the end of it.
func (s *running) feed(streams map[string]stream) {
	if to, ok := streams["terminal"]; ok {
		_, _ = io.Copy(to, s.app.In)
		return
	}
	if to, ok := streams["stdin"]; ok {
		_, _ = io.Copy(to, s.app.In)
		_ = to.Close()
	}
}

// pass passes signals on.
func (s *running) pass(ctx context.Context, d Daemon, x client.Execution, streams map[string]stream, over <-chan struct{}) {
	for {
		select {
		case <-over:
			return
		case sig := <-s.signals:
			if t, ok := streams["terminal"]; ok && sig == syscall.SIGHUP {
				_ = t.Close() // the caller's terminal is gone, and so is the command's
			}
			if n, ok := sig.(syscall.Signal); ok {
				_ = d.Kill(ctx, x.Process, int32(n)) // it may have ended
			}
		}
	}
}

// wait waits for the end of a command. Its Exit has no kind if nobody knows how it ended.
func wait(ctx context.Context, d Daemon, process client.Path) (client.Exit, error) {
	exit, err := d.Wait(ctx, process)
	switch client.NameOf(err) {
	case contract.ErrorUnknownObject, contract.ErrorNoSuchProcess:
		return client.Exit{}, nil
	}
	return exit, err
}

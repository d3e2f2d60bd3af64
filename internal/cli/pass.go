package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/client"
)

// firstListenFD is the number of the first descriptor that systemd passes (sd_listen_fds(3)).
const firstListenFD = 3

// passing is the flags of the commands that pass descriptors to a container.
type passing struct {
	cmd     *cobra.Command
	fds     string
	listen  bool
	numbers []int // berthctl's own, as list found them
}

func (p *passing) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.fds, "pass-fds", "", "pass these descriptors of berthctl to init, from 3 on: `N[,M...]`")
	cmd.Flags().BoolVar(&p.listen, "pass-listen-fds", false, "pass the descriptors that systemd passed to berthctl, with their names")
	p.cmd = cmd
}

// list returns the descriptors that the flags name.
func (p *passing) list(getenv func(string) string) ([]client.Passed, error) {
	if err := exclusive(p.cmd, "pass-fds", "pass-listen-fds"); err != nil {
		return nil, err
	}
	names, listening := listenNames(getenv)
	switch {
	case p.listen && !listening:
		return nil, errors.New("systemd has passed no descriptors to berthctl (LISTEN_FDS)")
	case p.listen:
		for i := range names {
			p.numbers = append(p.numbers, firstListenFD+i)
		}
	case p.fds != "":
		for word := range strings.SplitSeq(p.fds, ",") {
			n, err := strconv.Atoi(word)
			if err != nil || n < 0 {
				return nil, fmt.Errorf("--pass-fds: %q is not the number of a descriptor", word)
			}
			p.numbers = append(p.numbers, n)
		}
	}
	var list []client.Passed
	for _, n := range p.numbers {
		if err := inherited(n); err != nil {
			return nil, fmt.Errorf("descriptor %d: %w", n, err)
		}
		passed := client.Passed{File: os.NewFile(uintptr(n), "descriptor "+strconv.Itoa(n))}
		if i := n - firstListenFD; i >= 0 && i < len(names) {
			passed.Name = names[i]
		}
		list = append(list, passed)
	}
	return list, nil
}

// place is how berthd calls one of the descriptors that it was passed.
var place = regexp.MustCompile(`the \w+ of the passed descriptors`)

// explain gives an error about a passed descriptor the number that the user knows it by. It returns any other err
// unchanged.
func (p *passing) explain(err error) error {
	reply, ok := errors.AsType[*client.Error](err)
	if !ok {
		return err
	}
	n, ok := reply.Details["fd"].(uint32)
	if !ok || int64(n) >= int64(len(p.numbers)) {
		return err
	}
	// The head of the message has the container's name, which can be anything.
	all := place.FindAllStringIndex(reply.Message, -1)
	if len(all) == 0 {
		return err
	}
	at := all[len(all)-1]
	named := *reply
	named.Message = reply.Message[:at[0]] + "descriptor " + strconv.Itoa(p.numbers[n]) + reply.Message[at[1]:]
	return &named
}

// listenNames returns the names of the descriptors that systemd passed to this process; one without a name has
// an empty one. false means that it passed none.
func listenNames(getenv func(string) string) ([]string, bool) {
	count, err := strconv.Atoi(getenv("LISTEN_FDS"))
	if err != nil || count <= 0 || count > 1<<16 || getenv("LISTEN_PID") != strconv.Itoa(os.Getpid()) {
		return nil, false
	}
	names := make([]string, count)
	if given := strings.Split(getenv("LISTEN_FDNAMES"), ":"); len(given) == count {
		copy(names, given)
	}
	return names, true
}

// inherited returns an error if a descriptor is not one that berthctl was started with. berthctl's own are all
// closed on exec.
func inherited(n int) error {
	flags, err := unix.FcntlInt(uintptr(n), unix.F_GETFD, 0)
	switch {
	case err != nil && !errors.Is(err, unix.EBADF):
		return err
	case err != nil || flags&unix.FD_CLOEXEC != 0:
		return errors.New("berthctl was started without it")
	}
	return nil
}

// startCommand is "start".
func (a *app) startCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "start", Short: "Start a defined container"}
	var p passing
	var ready bool
	var unit string
	p.add(cmd)
	cmd.Flags().BoolVar(&ready, "ready", false, "wait until init says that it is ready, if the definition has <berth:notify>")
	cmd.Flags().StringVar(&unit, "unit", "", "have systemd stop this `UNIT`, a service, when the container has ended for good")
	a.start.add(cmd)
	return a.domainCommand(cmd, nameOrUUID, fitting{States: []string{"shutoff"}}, func(ctx context.Context, d Daemon, t target) error {
		list, err := p.list(a.Getenv)
		if err != nil {
			return err
		}
		name := t.name
		if !a.quiet {
			if name, err = t.called(ctx, d); err != nil {
				return err
			}
		}
		options := client.StartOptions{Passed: list, Unit: unit}
		done := a.relabelling(ctx, d, t)
		adopted, err := a.startOrAdopt(ctx, d, t, options)
		done()
		if err := begun(ctx, p.explain(err)); err != nil {
			return whyNotStarted(ctx, d, t, err, options)
		}
		if ready {
			if err := d.WaitReady(ctx, t.path); err != nil {
				return err
			}
		}
		if !adopted {
			a.say("Domain '%s' %s", printable(name), "started")
		}
		return a.started(ctx, d, t)
	})
}

package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/internal/client"
)

// change is a command that changes one container and prints a confirmation.
type change struct {
	use, short string
	by         accepts
	fits       fitting
	do         func(Daemon, context.Context, client.Path) error
	done       string
}

func changes() []change {
	persistent := true
	return []change{
		{
			"destroy", "Stop a container at once", nameUUIDOrID,
			fitting{States: []string{"running", "paused", "stopping"}},
			Daemon.Destroy, "destroyed",
		},
		{
			"domjobabort", "Abort the job on a container: a relabelling or an unshift", nameUUIDOrID,
			fitting{States: []string{"starting", "shutoff"}},
			Daemon.AbortJob, "has no job any more",
		},
		{
			"reset", "Kill a container and start it again, with the same definition", nameUUIDOrID,
			fitting{States: []string{"running", "paused"}},
			Daemon.Reset, "was reset",
		},
		{
			"suspend", "Freeze a running container", nameUUIDOrID,
			fitting{States: []string{"running"}},
			Daemon.Suspend, "suspended",
		},
		{
			"resume", "Resume a suspended container", nameUUIDOrID,
			fitting{States: []string{"paused"}},
			Daemon.Resume, "resumed",
		},
		{
			"undefine", "Remove a definition; a running container becomes transient", nameUUIDOrID,
			fitting{Persistent: &persistent},
			Daemon.Undefine, "has been undefined",
		},
	}
}

func (a *app) changeCommands() []*cobra.Command {
	list := []*cobra.Command{a.startCommand()}
	for _, c := range changes() {
		cmd := &cobra.Command{Use: c.use, Short: c.short}
		list = append(list, a.domainCommand(cmd, c.by, c.fits, func(ctx context.Context, d Daemon, t target) error {
			name := t.name
			if !a.quiet {
				// After the change the container may not exist any more.
				var err error
				if name, err = t.called(ctx, d); err != nil {
					return err
				}
			}
			if err := begun(ctx, c.do(d, ctx, t.path)); err != nil {
				return err
			}
			a.say("Domain '%s' %s", printable(name), c.done)
			return nil
		}))
	}
	return list
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/internal/client"
)

// guestCommands are those that virsh asks an agent in a virtual machine for. berthd looks into the container itself.
func (a *app) guestCommands() []*cobra.Command {
	return []*cobra.Command{a.guestNameCommand(), a.guestTimeCommand(), a.guestFilesCommand(), a.guestInfoCommand()}
}

// inside is what a command needs of the containers that it is offered for.
func inside() fitting { return fitting{States: []string{"running", "paused"}} }

func (a *app) guestNameCommand() *cobra.Command {
	var source string
	cmd := &cobra.Command{Use: "domhostname", Short: "Print the host name that a running container has now"}
	cmd.Flags().StringVar(&source, "source", "agent", "`SOURCE`: agent, the container itself; lease finds none, as networkd keeps no names")
	_ = cmd.RegisterFlagCompletionFunc("source", cobra.FixedCompletions([]string{"agent", "lease"}, cobra.ShellCompDirectiveNoFileComp))
	return a.domainCommand(cmd, nameUUIDOrID, inside(), func(ctx context.Context, d Daemon, t target) error {
		switch source {
		case "agent", "lease":
		default:
			return fmt.Errorf("unknown data source '%s'", source)
		}
		g, err := d.GetGuestInfo(ctx, t.path, "hostname")
		switch {
		case err != nil:
			return err
		case source == "lease" || g.HostName == nil || *g.HostName == "":
			return errors.New("no hostname found")
		}
		fmt.Fprintln(a.out, printable(*g.HostName))
		return nil
	})
}

// guestTime is the output of domtime --json.
type guestTime struct {
	USec uint64 `json:"time_usec"`
}

func (a *app) guestTimeCommand() *cobra.Command {
	var pretty, asJSON bool
	cmd := &cobra.Command{Use: "domtime", Short: "Print the time of a running container, which is the host's"}
	cmd.Flags().BoolVar(&pretty, "pretty", false, "print a date and a time of day, in UTC")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return a.domainCommand(cmd, nameUUIDOrID, inside(), func(ctx context.Context, d Daemon, t target) error {
		g, err := d.GetGuestInfo(ctx, t.path, "time")
		at := time.UnixMicro(int64(g.TimeUSec)).UTC()
		switch {
		case err != nil:
			return err
		case asJSON:
			return a.printJSON(guestTime{g.TimeUSec})
		case pretty:
			fmt.Fprintln(a.out, "Time:", at.Format(time.DateTime))
		default:
			fmt.Fprintln(a.out, "Time:", at.Unix())
		}
		return nil
	})
}

// guestFileSystem is one in domfsinfo --json and guestinfo --json.
type guestFileSystem struct {
	MountPoint string `json:"mountpoint"`
	Name       string `json:"name"`
	Type       string `json:"fstype"`
}

func fileSystemsOf(g *client.GuestInfo) []guestFileSystem {
	list := []guestFileSystem{}
	if g.FileSystems != nil {
		for _, fs := range *g.FileSystems {
			list = append(list, guestFileSystem(fs))
		}
	}
	return list
}

func (a *app) guestFilesCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{Use: "domfsinfo", Short: "List the file systems that hold a running container's files"}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return a.domainCommand(cmd, nameUUIDOrID, inside(), func(ctx context.Context, d Daemon, t target) error {
		g, err := d.GetGuestInfo(ctx, t.path, "filesystem")
		if err != nil {
			return err
		}
		list := fileSystemsOf(&g)
		if asJSON {
			return a.printJSON(list)
		}
		var rows [][]string
		for _, fs := range list {
			rows = append(rows, []string{printable(fs.MountPoint), printable(fs.Name), printable(fs.Type), ""})
		}
		if a.quiet {
			a.printRows(rows)
		} else {
			a.printTable([]string{"Mountpoint", "Name", "Type", "Target"}, rows)
		}
		return nil
	})
}

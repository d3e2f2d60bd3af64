package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/internal/client"
)

func (a *app) dumpXMLCommand() *cobra.Command {
	return a.definitionCommand("dumpxml", "Print the XML of a container", Daemon.XML)
}

func (a *app) planCommand() *cobra.Command {
	return a.definitionCommand("plan", "Print all that a container's start does inside it, as JSON", Daemon.Plan)
}

// definitionCommand returns a command that prints a text made from a container's definition.
func (a *app) definitionCommand(use, short string, text func(Daemon, context.Context, client.Path, client.Definition) (string, error)) *cobra.Command {
	var inactive bool
	cmd := &cobra.Command{Use: use, Short: short}
	cmd.Flags().BoolVar(&inactive, "inactive", false, "use the stored definition, not the running one")
	return a.domainCommand(cmd, nameUUIDOrID, fitting{}, func(ctx context.Context, d Daemon, t target) error {
		which := client.Live
		if inactive {
			which = client.Inactive
		}
		out, err := text(d, ctx, t.path, which)
		if err != nil {
			return err
		}
		fmt.Fprintln(a.out, strings.TrimSuffix(out, "\n"))
		return nil
	})
}

// identity is the output of domid, domname and domuuid with --json.
type identity struct {
	ID   *uint32 `json:"id"`
	Name string  `json:"name"`
	UUID string  `json:"uuid"`
}

func identified(i client.Info) identity {
	out := identity{Name: i.Name, UUID: i.UUID}
	if i.ID != 0 {
		out.ID = &i.ID
	}
	return out
}

// identityCommands returns the commands that print a container's id, name or uuid.
func (a *app) identityCommands() []*cobra.Command {
	var list []*cobra.Command
	for _, c := range []struct {
		use, short string
		text       func(client.Info) string
	}{
		{"domid", "Print the id of a container, or - if it is shut off", func(i client.Info) string { return idText(i.ID) }},
		{"domname", "Print the name of a container", func(i client.Info) string { return i.Name }},
		{"domuuid", "Print the uuid of a container", func(i client.Info) string { return i.UUID }},
	} {
		var asJSON bool
		cmd := &cobra.Command{Use: c.use, Short: c.short}
		cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON with id, name and uuid")
		list = append(list, a.domainCommand(cmd, nameUUIDOrID, fitting{}, func(ctx context.Context, d Daemon, t target) error {
			info, err := d.Info(ctx, t.path)
			if err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(identified(info))
			}
			fmt.Fprintln(a.out, c.text(info))
			return nil
		}))
	}
	return list
}

func (a *app) consoleLogCommand() *cobra.Command {
	var device string
	cmd := &cobra.Command{Use: "console-log", Short: "Print the kept output of a console"}
	cmd.Flags().StringVar(&device, "devname", "", "`console` to read, such as console1; by default the first one")
	return a.domainCommand(cmd, nameUUIDOrID, fitting{}, func(ctx context.Context, d Daemon, t target) error {
		output, err := d.Console(ctx, t.path, device)
		if err != nil {
			return err
		}
		// The output is printed raw, with its colours; cat -v shows it escaped.
		_, err = a.out.Write(output)
		return err
	})
}

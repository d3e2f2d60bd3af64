package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// listedAddress is an address in domifaddr --json.
type listedAddress struct {
	Name  *string `json:"name"` // the host's end; null if there is none
	Guest string  `json:"guest"`
	MAC   *string `json:"mac"` // null if the link has none, as lo
	// These are null for a link without an address, which only the source agent lists.
	Protocol *string `json:"protocol"`
	Address  *string `json:"address"`
	Prefix   *uint32 `json:"prefix"`
}

func (a *app) addressCommand() *cobra.Command {
	var full, asJSON bool
	var only, source string
	cmd := &cobra.Command{Use: "domifaddr", Short: "Print the addresses of a running container's network interfaces, as others or the container know them"}
	cmd.Flags().StringVar(&only, "interface", "", "of this `INTERFACE` only: its name in the container or on the host, or its MAC address")
	cmd.Flags().BoolVar(&full, "full", false, "print the name and the MAC address in each line")
	cmd.Flags().StringVar(&source, "source", "lease", "`SOURCE`: lease, what DHCP of Berth's networks has given; arp, what the host knows of its neighbours; or agent, what the container has")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	_ = cmd.RegisterFlagCompletionFunc("source", cobra.FixedCompletions([]string{"lease", "arp", "agent"}, cobra.ShellCompDirectiveNoFileComp))
	return a.domainCommand(cmd, nameUUIDOrID, fitting{States: []string{"running", "paused"}}, func(ctx context.Context, d Daemon, t target) error {
		switch source {
		case "lease", "arp", "agent":
		default:
			return fmt.Errorf("unknown data source '%s'", source)
		}
		list, err := d.InterfaceAddresses(ctx, t.path, source)
		if err != nil {
			return err
		}
		rows := []listedAddress{}
		for _, i := range list {
			if only != "" && only != i.Name && only != i.Link && !strings.EqualFold(only, i.MAC) {
				continue
			}
			if i.Address == "" {
				rows = append(rows, listedAddress{Name: unlessZero(i.Link), Guest: i.Name, MAC: unlessZero(i.MAC)})
				continue
			}
			protocol := "ipv4"
			if strings.Contains(i.Address, ":") {
				protocol = "ipv6"
			}
			rows = append(rows, listedAddress{unlessZero(i.Link), i.Name, unlessZero(i.MAC), &protocol, &i.Address, &i.Prefix})
		}
		if asJSON {
			return a.printJSON(rows)
		}
		a.printAddresses(rows, full)
		return nil
	})
}

// printAddresses prints virsh's table, which has widths of its own. Its first column is wider if a name is longer.
func (a *app) printAddresses(rows []listedAddress, full bool) {
	width := 10
	for _, r := range rows {
		width = max(width, len(orDash(r.Name)), len(printable(r.Guest)))
	}
	if !a.quiet {
		fmt.Fprintf(a.out, " %-*s %-20s %-8s     %s\n%s\n", width, "Name", "MAC address", "Protocol", "Address", strings.Repeat("-", 69+width))
	}
	last := ""
	for _, r := range rows {
		name, mac := orDash(r.Name), ""
		if r.MAC != nil {
			mac = *r.MAC
		}
		if name == "-" {
			name = printable(r.Guest)
		}
		if is := name + " " + mac; last == is && !full {
			name, mac = "-", "-"
		} else {
			last = is
		}
		if r.Address == nil {
			fmt.Fprintf(a.out, " %-*s %-17s    %-12s %s\n", width, name, mac, "N/A", "N/A")
			continue
		}
		fmt.Fprintf(a.out, " %-*s %-17s    %-12s %s/%d\n", width, name, mac, *r.Protocol, *r.Address, *r.Prefix)
	}
}

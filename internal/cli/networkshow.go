package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/internal/client"
)

// netListed is a network in the JSON of net-list and net-info.
type netListed struct {
	Name       string  `json:"name"`
	UUID       string  `json:"uuid"`
	Active     bool    `json:"active"`
	Persistent bool    `json:"persistent"`
	Autostart  bool    `json:"autostart"`
	Bridge     string  `json:"bridge"`
	Forward    *string `json:"forward"` // null if it goes nowhere
	Origin     string  `json:"origin"`
	Fault      *string `json:"fault"` // null if the definition can be used
}

func netShown(n client.Network) netListed {
	return netListed{
		n.Name, n.UUID, n.Active, n.Persistent, n.Autostart, n.Bridge, unlessZero(n.Forward), n.Origin, unlessZero(n.Fault),
	}
}

// netSelection holds the options of net-list.
type netSelection struct {
	all, inactive                                 bool
	persistent, transient, autostart, noAutostart bool
	name, uuid, table, json                       bool
}

// shows reports whether a network is listed. Two options of a pair mean no choice.
func (s netSelection) shows(n client.Network) bool {
	pair := func(yes, no, is bool) bool { return yes == no || yes == is }
	return (s.all || n.Active != s.inactive) && pair(s.persistent, s.transient, n.Persistent) && pair(s.autostart, s.noAutostart, n.Autostart)
}

func (a *app) netListCommand() *cobra.Command {
	var s netSelection
	cmd := &cobra.Command{Use: "net-list", Short: "List networks, by default the active ones", Args: noOperand}
	cmd.Flags().BoolVar(&s.all, "all", false, "list active and inactive networks")
	cmd.Flags().BoolVar(&s.inactive, "inactive", false, "list inactive networks")
	cmd.Flags().BoolVar(&s.persistent, "persistent", false, "list networks with a stored definition")
	cmd.Flags().BoolVar(&s.transient, "transient", false, "list networks without one")
	cmd.Flags().BoolVar(&s.autostart, "autostart", false, "list networks that start with the host")
	cmd.Flags().BoolVar(&s.noAutostart, "no-autostart", false, "list networks that do not")
	cmd.Flags().BoolVar(&s.table, "table", false, "print a table (default)")
	cmd.Flags().BoolVar(&s.name, "name", false, "print names only")
	cmd.Flags().BoolVar(&s.uuid, "uuid", false, "print uuids only")
	cmd.Flags().BoolVar(&s.json, "json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := exclusive(cmd, "table", "json", "name", "uuid"); err != nil {
			return err
		}
		ctx := cmd.Context()
		d, err := a.connect(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = d.Close() }()
		list, err := d.Networks(ctx)
		if err != nil {
			return err
		}
		list = slices.DeleteFunc(list, func(n client.Network) bool { return !s.shows(n) })
		return a.printNetworks(list, s)
	}
	return cmd
}

func (a *app) printNetworks(list []client.Network, s netSelection) error {
	if s.json {
		out := make([]netListed, len(list))
		for i, n := range list {
			out[i] = netShown(n)
		}
		return a.printJSON(out)
	}
	cells := make([][]string, len(list))
	for i, n := range list {
		switch {
		case s.name:
			fmt.Fprintln(a.out, printable(n.Name))
		case s.uuid:
			fmt.Fprintln(a.out, n.UUID)
		}
		cells[i] = []string{printable(n.Name), netState(n), yesNo(n.Autostart), yesNo(n.Persistent)}
	}
	switch {
	case s.name, s.uuid:
	case a.quiet:
		a.printRows(cells)
	default:
		a.printTable([]string{"Name", "State", "Autostart", "Persistent"}, cells)
	}
	return nil
}

func netState(n client.Network) string {
	switch {
	case n.Active:
		return "active"
	case n.Fault != "":
		return "unusable"
	}
	return "inactive"
}

func (a *app) netInfoCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{Use: "net-info", Short: "Print information about a network"}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return a.netCommand(cmd, func(_ context.Context, _ Daemon, n client.Network) error {
		if asJSON {
			return a.printJSON(netShown(n))
		}
		for _, line := range []line{
			{"Name", printable(n.Name)},
			{"UUID", n.UUID},
			{"Active", yesNo(n.Active)},
			{"Persistent", yesNo(n.Persistent)},
			{"Autostart", yesNo(n.Autostart)},
			{"Bridge", printable(n.Bridge)},
			{"Forward", cmp.Or(n.Forward, "none")},
			{"Origin", n.Origin},
			{"Fault", printable(n.Fault)},
		} {
			if line.text != "" {
				fmt.Fprintf(a.out, "%-15s %s\n", line.label+":", line.text)
			}
		}
		return nil
	})
}

// netLease is a lease in the JSON of net-dhcp-leases.
type netLease struct {
	Expires  string `json:"expires"` // RFC 3339
	MAC      string `json:"mac"`
	Protocol string `json:"protocol"`
	Address  string `json:"address"`
	ClientID string `json:"client_id"`
}

func (a *app) netLeasesCommand() *cobra.Command {
	var asJSON bool
	mac := &operand{name: "mac", about: "`MAC` address of the one host to show", optional: true}
	cmd := &cobra.Command{Use: "net-dhcp-leases", Short: "Print the addresses that a network's DHCP server has given"}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return a.netCommand(cmd, func(ctx context.Context, d Daemon, n client.Network) error {
		if mac.value != "" {
			if _, err := net.ParseMAC(mac.value); err != nil {
				return errors.New("invalid MAC address: " + printable(mac.value))
			}
		}
		list, err := d.NetworkLeases(ctx, n.Name)
		if err != nil {
			return err
		}
		list = slices.DeleteFunc(list, func(l client.NetworkLease) bool { return mac.value != "" && !strings.EqualFold(l.MAC, mac.value) })
		slices.SortFunc(list, func(a, b client.NetworkLease) int { return strings.Compare(a.MAC, b.MAC) })
		leases := make([]netLease, len(list))
		cells := make([][]string, len(list))
		for i, l := range list {
			address := l.Address + "/" + strconv.FormatUint(uint64(l.Prefix), 10)
			leases[i] = netLease{l.Expires.UTC().Format("2006-01-02T15:04:05Z"), l.MAC, "ipv4", address, l.ClientID}
			// networkd does not keep the names of hosts.
			cells[i] = []string{l.Expires.Format("2006-01-02 15:04:05"), l.MAC, "ipv4", address, "-", pairs(l.ClientID)}
		}
		switch {
		case asJSON:
			return a.printJSON(leases)
		case a.quiet:
			a.printRows(cells)
		default:
			a.printTable([]string{"Expiry Time", "MAC address", "Protocol", "IP address", "Hostname", "Client ID or DUID"}, cells)
		}
		return nil
	}, mac)
}

// pairs spells hexadecimal digits as virsh spells a client's id.
func pairs(hex string) string {
	if hex == "" {
		return "-"
	}
	var b strings.Builder
	for i, r := range hex {
		if i > 0 && i%2 == 0 {
			b.WriteByte(':')
		}
		b.WriteRune(r)
	}
	return b.String()
}

package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/internal/client"
	"github.com/berthd/berth/internal/figures"
)

// listedInterface is an interface in domiflist --json.
type listedInterface struct {
	Interface *string `json:"interface"` // the host's end; null if there is none
	Type      string  `json:"type"`
	Source    *string `json:"source"`
	Model     *string `json:"model"`
	MAC       string  `json:"mac"`
	Guest     string  `json:"guest"`
}

func (a *app) interfaceListCommand() *cobra.Command {
	var asJSON, inactive bool
	cmd := &cobra.Command{Use: "domiflist", Short: "List the network interfaces of a container"}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVar(&inactive, "inactive", false, "of the stored definition")
	return a.domainCommand(cmd, nameUUIDOrID, fitting{}, func(ctx context.Context, d Daemon, t target) error {
		interfaces, err := interfacesOf(ctx, d, t, inactive)
		if err != nil {
			return err
		}
		list := []listedInterface{}
		for _, i := range interfaces {
			list = append(list, listedInterface{unlessZero(i.Link), i.Type, unlessZero(i.Source), unlessZero(i.Model), i.MAC, i.Name})
		}
		if asJSON {
			return a.printJSON(list)
		}
		var rows [][]string
		for _, i := range list {
			rows = append(rows, []string{orDash(i.Interface), i.Type, orDash(i.Source), orDash(i.Model), i.MAC, printable(i.Guest)})
		}
		if a.quiet {
			a.printRows(rows)
		} else {
			a.printTable([]string{"Interface", "Type", "Source", "Model", "MAC", "Guest"}, rows)
		}
		return nil
	})
}

// interfacesOf reads the interfaces of a container, or of its stored definition. Without a run there are no ends on the
// host.
func interfacesOf(ctx context.Context, d Daemon, t target, inactive bool) (list []client.Interface, err error) {
	if inactive {
		stored, err := d.Interfaces(ctx, t.path, client.TuneOptions{Config: true})
		for _, i := range stored {
			i.Link = ""
			list = append(list, i.Interface)
		}
		return list, err
	}
	info, err := d.Info(ctx, t.path)
	for _, i := range info.Interfaces {
		if info.State == "shutoff" {
			i.Link = ""
		}
		list = append(list, i)
	}
	return list, err
}

func orDash(text *string) string {
	if text == nil {
		return "-"
	}
	return printable(*text)
}

// interfaceStats is the output of domifstat --json.
type interfaceStats struct {
	Interface       string `json:"interface"` // its name in the container
	ReceiveBytes    uint64 `json:"rx_bytes"`
	ReceivePackets  uint64 `json:"rx_packets"`
	ReceiveErrors   uint64 `json:"rx_errs"`
	ReceiveDrops    uint64 `json:"rx_drop"`
	TransmitBytes   uint64 `json:"tx_bytes"`
	TransmitPackets uint64 `json:"tx_packets"`
	TransmitErrors  uint64 `json:"tx_errs"`
	TransmitDrops   uint64 `json:"tx_drop"`
}

func (a *app) interfaceStatCommand() *cobra.Command {
	var asJSON bool
	name := &operand{name: "interface", about: "`INTERFACE`: its name in the container or on the host, or its MAC address"}
	cmd := &cobra.Command{Use: "domifstat", Short: "Print what a running container has received and sent by a network interface"}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	name.complete = a.completeFigures(figures.Net, func(f *figures.Figures) (names []string) {
		for _, i := range f.Interfaces {
			names = append(names, i.Name)
		}
		return names
	})
	return a.domainCommand(cmd, nameUUIDOrID, measured(), func(ctx context.Context, d Daemon, t target) error {
		f, err := d.Stats(ctx, t.path, figures.Net)
		if err != nil {
			return err
		}
		i, err := interfaceOf(ctx, d, t, &f, name.value)
		switch {
		case err != nil:
			return err
		case asJSON:
			return a.printJSON(interfaceStats{
				i.Name, i.Receive.Bytes, i.Receive.Packets, i.Receive.Errors, i.Receive.Drops,
				i.Transmit.Bytes, i.Transmit.Packets, i.Transmit.Errors, i.Transmit.Drops,
			})
		}
		for _, f := range trafficFields(printable(name.value)+" ", '_', i) {
			fmt.Fprintf(a.out, "%s %d\n", f.name, f.value)
		}
		return nil
	}, name)
}

// interfaceOf returns the figures of an interface by one of its names, or its MAC address.
func interfaceOf(ctx context.Context, d Daemon, t target, f *figures.Figures, given string) (figures.Interface, error) {
	counted := func(name string) int {
		return slices.IndexFunc(f.Interfaces, func(i figures.Interface) bool { return i.Name == name })
	}
	if n := counted(given); n >= 0 {
		return f.Interfaces[n], nil
	}
	info, err := d.Info(ctx, t.path)
	if err != nil {
		return figures.Interface{}, err
	}
	named := slices.IndexFunc(info.Interfaces, func(i client.Interface) bool {
		return given != "" && (given == i.Name || given == i.Link || strings.EqualFold(given, i.MAC))
	})
	var names []string
	for _, i := range info.Interfaces {
		names = append(names, i.Name)
	}
	switch {
	case named >= 0:
		if n := counted(info.Interfaces[named].Name); n >= 0 {
			return f.Interfaces[n], nil
		}
		return figures.Interface{}, fmt.Errorf("the interface '%s' is not counted: the container has removed or renamed it", given)
	case len(names) == 0:
		return figures.Interface{}, fmt.Errorf("the container has no interface '%s', nor any other", given)
	}
	return figures.Interface{}, fmt.Errorf("the container has no interface '%s', but %s", given, strings.Join(names, ", "))
}

// trafficFields returns the figures of an interface by virsh's names, such as rx_bytes, after a prefix. The separator
// is in each.
func trafficFields(prefix string, separator rune, i figures.Interface) (list []field) {
	for _, way := range []struct {
		name string
		of   figures.Traffic
	}{{"rx", i.Receive}, {"tx", i.Transmit}} {
		at := prefix + way.name + string(separator)
		packets := "packets"
		if separator == '.' {
			packets = "pkts" // in domstats
		}
		list = append(list, field{at + "bytes", way.of.Bytes}, field{at + packets, way.of.Packets}, field{at + "errs", way.of.Errors}, field{at + "drop", way.of.Drops})
	}
	return list
}

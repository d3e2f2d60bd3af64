package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/internal/client"
)

// links has the calls about the interfaces of containers.
type links interface {
	Interfaces(ctx context.Context, p client.Path, o client.TuneOptions) ([]client.InterfaceInfo, error)
	SetInterface(ctx context.Context, p client.Path, name string, change client.LinkChange, o client.TuneOptions) error
	InterfaceAddresses(ctx context.Context, p client.Path, source string) ([]client.InterfaceAddress, error)
}

func (a *app) linkCommands() []*cobra.Command {
	return []*cobra.Command{
		a.getLinkCommand(), a.setLinkCommand(), a.interfaceTuneCommand(), a.addressCommand(), a.attachInterfaceCommand(), a.detachInterfaceCommand(),
	}
}

// interfaceOperand names an interface of a container.
func (a *app) interfaceOperand() *operand {
	return &operand{
		name: "interface", about: "`INTERFACE`: its name in the container or on the host, or its MAC address",
		complete: a.completeOf(func(ctx context.Context, d Daemon, p client.Path) (names []string) {
			list, _ := d.Interfaces(ctx, p, client.TuneOptions{}) // a completion must not print errors
			for _, i := range list {
				if printable(i.Name) == i.Name {
					names = append(names, i.Name)
				}
			}
			return names
		}),
	}
}

// interfaceNamed reads one interface, by a name or its MAC address.
func interfaceNamed(ctx context.Context, d Daemon, t target, name string, o client.TuneOptions) (client.InterfaceInfo, error) {
	list, err := d.Interfaces(ctx, t.path, o)
	if err != nil {
		return client.InterfaceInfo{}, err
	}
	n := slices.IndexFunc(list, func(i client.InterfaceInfo) bool {
		return name != "" && (name == i.Name || name == i.Link || strings.EqualFold(name, i.MAC))
	})
	switch {
	case n >= 0:
		return list[n], nil
	case strings.Count(name, ":") == 5:
		return client.InterfaceInfo{}, fmt.Errorf("interface (mac: %s) not found", name)
	}
	return client.InterfaceInfo{}, fmt.Errorf("interface (dev: %s) not found", name)
}

func (a *app) getLinkCommand() *cobra.Command {
	var config, persistent bool
	name := a.interfaceOperand()
	cmd := &cobra.Command{Use: "domif-getlink", Short: "Print the link state of a network interface"}
	cmd.Flags().BoolVar(&config, "config", false, "of the stored definition")
	cmd.Flags().BoolVar(&persistent, "persistent", false, "the same as --config")
	return a.domainCommand(cmd, nameUUIDOrID, fitting{}, func(ctx context.Context, d Daemon, t target) error {
		i, err := interfaceNamed(ctx, d, t, name.value, client.TuneOptions{Config: config || persistent})
		if err == nil {
			fmt.Fprintf(a.out, "%s %s\n", printable(name.value), i.LinkState)
		}
		return err
	}, name)
}

func (a *app) setLinkCommand() *cobra.Command {
	var config, persistent bool
	name := a.interfaceOperand()
	state := &operand{name: "state", about: "`STATE`: up or down", complete: cobra.FixedCompletions([]string{"up", "down"}, cobra.ShellCompDirectiveNoFileComp)}
	cmd := &cobra.Command{Use: "domif-setlink", Short: "Set the link state of a network interface"}
	cmd.Flags().BoolVar(&config, "config", false, "of the stored definition, for the next start")
	cmd.Flags().BoolVar(&persistent, "persistent", false, "the same as --config")
	return a.domainCommand(cmd, nameUUIDOrID, fitting{}, func(ctx context.Context, d Daemon, t target) error {
		if state.value != "up" && state.value != "down" {
			return fmt.Errorf("invalid link state '%s'", state.value)
		}
		err := d.SetInterface(ctx, t.path, name.value, client.LinkChange{State: &state.value}, client.TuneOptions{Config: config || persistent})
		if err == nil {
			a.say("Device updated successfully")
		}
		return begun(ctx, err)
	}, name, state)
}

func (a *app) interfaceTuneCommand() *cobra.Command {
	var f affected
	var asJSON bool
	name := a.interfaceOperand()
	in := &operand{name: "inbound", about: "`INBOUND`: average[,peak[,burst]] of what the container receives, in kilobytes a second, and in KiB; 0 means no limit", optional: true}
	out := &operand{name: "outbound", about: "`OUTBOUND`: the same of what the container sends", optional: true}
	cmd := &cobra.Command{Use: "domiftune", Short: "Print or change the limits of a network interface"}
	f.add(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return a.domainCommand(cmd, nameUUIDOrID, fitting{}, func(ctx context.Context, d Daemon, t target) error {
		o := client.TuneOptions{Live: f.live, Config: f.config}
		if in.given || out.given {
			return a.tuneInterface(ctx, d, t, name.value, in, out, o)
		}
		if f.live && f.config {
			return errors.New("options --config and --live are mutually exclusive")
		}
		i, err := interfaceNamed(ctx, d, t, name.value, o)
		switch {
		case err != nil:
			return err
		case asJSON:
			return a.printJSON(map[string]rateJSON{"inbound": rateOf(i.In), "outbound": rateOf(i.Out)})
		}
		for _, p := range []struct {
			name  string
			value uint64
		}{
			{"inbound.average", i.In.Average / 1000},
			{"inbound.peak", i.In.Peak / 1000},
			{"inbound.burst", i.In.Burst >> 10},
			{"inbound.floor", 0},
			{"outbound.average", i.Out.Average / 1000},
			{"outbound.peak", i.Out.Peak / 1000},
			{"outbound.burst", i.Out.Burst >> 10},
		} {
			fmt.Fprintf(a.out, "%-15s: %d\n", p.name, p.value)
		}
		return nil
	}, name, in, out)
}

// rateJSON is a direction in domiftune --json, in the units of the command line.
type rateJSON struct {
	Average uint64 `json:"average"`
	Peak    uint64 `json:"peak"`
	Burst   uint64 `json:"burst"`
}

func rateOf(r client.Rate) rateJSON { return rateJSON{r.Average / 1000, r.Peak / 1000, r.Burst >> 10} }

func (a *app) tuneInterface(ctx context.Context, d Daemon, t target, name string, in, out *operand, o client.TuneOptions) error {
	var change client.LinkChange
	for _, way := range []struct {
		from *operand
		to   **client.Rate
	}{{in, &change.In}, {out, &change.Out}} {
		if !way.from.given {
			continue
		}
		r, err := parseRate(way.from)
		if err != nil {
			return err
		}
		*way.to = &r
	}
	return begun(ctx, d.SetInterface(ctx, t.path, name, change, o))
}

// parseRate reads average[,peak[,burst[,floor]]], each of which may be empty but the first.
func parseRate(o *operand) (r client.Rate, err error) {
	var floor uint64
	fields := []struct {
		to   *uint64
		unit uint64
	}{{&r.Average, 1000}, {&r.Peak, 1000}, {&r.Burst, 1024}, {&floor, 1}}
	words := strings.Split(o.value, ",")
	if len(words) > len(fields) {
		return r, fmt.Errorf("%s format is incorrect", o.name)
	}
	for n, word := range words {
		if word == "" && n > 0 {
			continue
		}
		v, err := strconv.ParseUint(word, 10, 32)
		if err != nil {
			return r, fmt.Errorf("%s format is incorrect", o.name)
		}
		*fields[n].to = v * fields[n].unit
	}
	switch {
	case floor > 0:
		return r, errors.New("a floor is not supported: Berth guarantees no interface a rate")
	case r.Average == 0 && (r.Peak > 0 || r.Burst > 0):
		return r, fmt.Errorf("%s average is mandatory", o.name)
	}
	return r, nil
}

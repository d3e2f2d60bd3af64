package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/internal/client"
)

// node has the calls that describe the host.
type node interface {
	NodeInfo(ctx context.Context) (client.Node, error)
	Capabilities(ctx context.Context) (string, error)
	NodeMemory(ctx context.Context) ([]client.NodeStats, error)
	NodeCPU(ctx context.Context) ([]client.NodeStats, error)
}

// wholeHost is the number that stands for the host, where others stand for its parts.
const wholeHost = -1

func (a *app) nodeCommands() []*cobra.Command {
	return []*cobra.Command{
		a.nodeInfoCommand(), a.cpuMapCommand(), a.capabilitiesCommand(), a.freeCellCommand(), a.nodeMemoryCommand(), a.nodeCPUCommand(),
	}
}

// nodeCommand completes a command that asks berthd about the host.
func (a *app) nodeCommand(cmd *cobra.Command, run func(context.Context, Daemon) error) *cobra.Command {
	if cmd.Args == nil {
		cmd.Args = noOperand
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		d, err := a.connect(cmd.Context())
		if err != nil {
			return err
		}
		defer func() { _ = d.Close() }()
		return run(cmd.Context(), d)
	}
	return cmd
}

// nodeInfo is the output of nodeinfo --json.
type nodeInfo struct {
	Architecture string  `json:"architecture"`
	CPUs         uint32  `json:"cpus"`
	MHz          *uint32 `json:"mhz"` // null if the host does not tell
	Sockets      uint32  `json:"sockets_per_cell"`
	Cores        uint32  `json:"cores_per_socket"`
	Threads      uint32  `json:"threads_per_core"`
	Cells        uint32  `json:"cells"`
	MemoryBytes  uint64  `json:"memory_bytes"`
}

func (a *app) nodeInfoCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{Use: "nodeinfo", Short: "Print the processors and the memory of the host"}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return a.nodeCommand(cmd, func(ctx context.Context, d Daemon) error {
		n, err := d.NodeInfo(ctx)
		if err != nil {
			return err
		}
		if asJSON {
			return a.printJSON(nodeInfo{n.Architecture, n.CPUs, unlessZero(n.MHz), n.Sockets, n.Cores, n.Threads, n.Cells, n.MemoryTotal})
		}
		for _, line := range []line{
			{"CPU model", n.Architecture},
			{"CPU(s)", number(n.CPUs)},
			{"CPU frequency", number(n.MHz) + " MHz"},
			{"CPU socket(s)", number(n.Sockets)},
			{"Core(s) per socket", number(n.Cores)},
			{"Thread(s) per core", number(n.Threads)},
			{"NUMA cell(s)", number(n.Cells)},
			{"Memory size", kib(n.MemoryTotal)},
		} {
			if line.text != "0 MHz" {
				fmt.Fprintf(a.out, "%-20s %s\n", line.label+":", printable(line.text))
			}
		}
		return nil
	})
}

// capabilities is the output of capabilities --json.
type capabilities struct {
	XML string `json:"xml"`
}

func (a *app) capabilitiesCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{Use: "capabilities", Short: "Print the capabilities XML of the host"}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON with the XML")
	return a.nodeCommand(cmd, func(ctx context.Context, d Daemon) error {
		xml, err := d.Capabilities(ctx)
		switch {
		case err != nil:
			return err
		case asJSON:
			return a.printJSON(capabilities{xml})
		}
		fmt.Fprint(a.out, xml)
		return nil
	})
}

// part is the number of a part of the host, as a word or as an option.
type part struct {
	name, word string // the option, and the word of its argument
	what       string // completes "there is no"
	value      int
	given      bool
}

// add gives a command the part, which it may have. list reads the parts for the completion.
func (p *part) add(cmd *cobra.Command, about string, complete completion) {
	cmd.Flags().IntVar(&p.value, p.name, wholeHost, about)
	cmd.Use += " [" + p.word + "]"
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		p.given = cmd.Flags().Changed(p.name)
		if len(args) > 0 && !p.given {
			n, err := strconv.Atoi(args[0])
			if err != nil {
				return malformed(args[0], p.name)
			}
			p.value, p.given, args = n, true, args[1:]
		}
		if p.given && p.value < 0 {
			return malformed(strconv.Itoa(p.value), p.name)
		}
		return noOperand(cmd, args)
	}
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, given string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 || cmd.Flags().Changed(p.name) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return complete(cmd, args, given)
	}
	// The only error is that the flag does not exist.
	_ = cmd.RegisterFlagCompletionFunc(p.name, complete)
}

// of returns the figures of the part, by default those of the whole host.
func (p *part) of(list []client.NodeStats) (map[string]uint64, error) {
	for _, s := range list {
		if int(s.Part) == p.value {
			return s.Figures, nil
		}
	}
	if !p.given {
		return nil, errors.New("berthd has no figures of the whole host")
	}
	return nil, fmt.Errorf("there is no %s %d", p.what, p.value)
}

// completeParts completes the numbers of the parts of the host that have figures.
func (a *app) completeParts(read func(Daemon, context.Context) ([]client.NodeStats, error)) completion {
	return func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return a.asked(cmd.Context(), func(ctx context.Context, d Daemon) (words []string) {
			list, _ := read(d, ctx)
			for _, s := range list {
				if s.Part != wholeHost {
					words = append(words, strconv.Itoa(int(s.Part)))
				}
			}
			return words
		}), cobra.ShellCompDirectiveNoFileComp
	}
}

// malformed is the error of a word that is not the number which it should be.
func malformed(word, option string) error {
	return fmt.Errorf("numeric value '%s' for --%s is malformed or out of range", word, option)
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/internal/client"
)

// cellMemory is a row of freecell --json.
type cellMemory struct {
	Cell      *int   `json:"cell"` // null: the whole host
	FreeBytes uint64 `json:"free_bytes"`
}

func (a *app) freeCellCommand() *cobra.Command {
	var all, asJSON bool
	cell := &part{name: "cellno", word: "CELL", what: "NUMA cell", value: wholeHost}
	cmd := &cobra.Command{Use: "freecell", Short: "Print the free memory of the host or of its NUMA cells"}
	cmd.Flags().BoolVar(&all, "all", false, "print that of each NUMA cell, and their sum")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cell.add(cmd, "print that of this NUMA `CELL`", a.completeParts(Daemon.NodeMemory))
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if all && cell.given {
			return errors.New("options --all and --cellno are mutually exclusive")
		}
		return nil
	}
	return a.nodeCommand(cmd, func(ctx context.Context, d Daemon) error {
		list, err := d.NodeMemory(ctx)
		if err != nil {
			return err
		}
		rows, err := freeMemory(list, cell, all)
		if err != nil {
			return err
		}
		if asJSON {
			return a.printJSON(rows)
		}
		a.printFree(rows, all)
		return nil
	})
}

// freeMemory returns the row of a cell, of the whole host, or those of all cells. Like libvirt, it takes the sum of the
// cells for the host's.
func freeMemory(list []client.NodeStats, cell *part, all bool) ([]cellMemory, error) {
	if cell.given {
		figures, err := cell.of(list)
		return []cellMemory{{&cell.value, figures["free"]}}, err
	}
	rows, sum := []cellMemory{}, uint64(0)
	for _, s := range list {
		if id := int(s.Part); id != wholeHost {
			rows = append(rows, cellMemory{&id, s.Figures["free"]})
			sum += s.Figures["free"]
		}
	}
	if all {
		return rows, nil
	}
	return []cellMemory{{FreeBytes: sum}}, nil
}

// printFree prints free memory as virsh does.
func (a *app) printFree(rows []cellMemory, all bool) {
	sum := uint64(0)
	for _, row := range rows {
		sum += row.FreeBytes
		switch {
		case all:
			fmt.Fprintf(a.out, "%5d: %10d KiB\n", *row.Cell, row.FreeBytes>>10)
		case row.Cell != nil:
			fmt.Fprintf(a.out, "%d: %s\n", *row.Cell, kib(row.FreeBytes))
		default:
			fmt.Fprintf(a.out, "Total: %s\n", kib(row.FreeBytes))
		}
	}
	if all {
		a.say("%s", strings.Repeat("-", 20))
		a.say("%5s: %10d KiB", "Total", sum>>10)
	}
}

// nodeMemory is the output of nodememstats --json. Linux counts the last two for the whole host only.
type nodeMemory struct {
	TotalBytes   uint64  `json:"total_bytes"`
	FreeBytes    uint64  `json:"free_bytes"`
	BuffersBytes *uint64 `json:"buffers_bytes"`
	CachedBytes  *uint64 `json:"cached_bytes"`
}

func (a *app) nodeMemoryCommand() *cobra.Command {
	var asJSON bool
	cell := &part{name: "cell", word: "CELL", what: "NUMA cell", value: wholeHost}
	cmd := &cobra.Command{Use: "nodememstats", Short: "Print how much memory of the host, or of a NUMA cell, is used"}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cell.add(cmd, "print that of this NUMA `CELL`", a.completeParts(Daemon.NodeMemory))
	return a.nodeCommand(cmd, func(ctx context.Context, d Daemon) error {
		list, err := d.NodeMemory(ctx)
		if err != nil {
			return err
		}
		figures, err := cell.of(list)
		if err != nil {
			return err
		}
		if asJSON {
			return a.printJSON(nodeMemory{figures["total"], figures["free"], counted(figures, "buffers"), counted(figures, "cached")})
		}
		for _, name := range []string{"total", "free", "buffers", "cached"} {
			if value, ok := figures[name]; ok {
				fmt.Fprintf(a.out, "%-7s: %20d KiB\n", name, value>>10)
			}
		}
		return nil
	})
}

// counted returns a figure, or nil if it is not counted.
func counted(figures map[string]uint64, name string) *uint64 {
	value, ok := figures[name]
	if !ok {
		return nil
	}
	return &value
}

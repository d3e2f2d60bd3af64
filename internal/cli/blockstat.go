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

// blockStats is the output of domblkstat --json.
type blockStats struct {
	Device          *string `json:"device"` // null: all
	ReadOperations  uint64  `json:"rd_req"`
	ReadBytes       uint64  `json:"rd_bytes"`
	WriteOperations uint64  `json:"wr_req"`
	WriteBytes      uint64  `json:"wr_bytes"`
}

func (a *app) blockStatCommand() *cobra.Command {
	var human, asJSON bool
	device := &operand{name: "device", about: "`DEVICE`: such as vda; by default all together", optional: true}
	cmd := &cobra.Command{Use: "domblkstat", Short: "Print what a running container has read from and written to block devices"}
	cmd.Flags().BoolVar(&human, "human", false, "print sentences")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	device.complete = a.completeFigures(figures.IO, func(f *figures.Figures) (names []string) {
		for _, d := range f.Block {
			names = append(names, d.Name)
		}
		return names
	})
	return a.domainCommand(cmd, nameUUIDOrID, measured(), func(ctx context.Context, d Daemon, t target) error {
		f, err := d.Stats(ctx, t.path, figures.IO)
		if err != nil {
			return err
		}
		s, err := statsOfDevice(&f, device.value)
		switch {
		case err != nil:
			return err
		case asJSON:
			return a.printJSON(s)
		}
		a.printBlock(device.value, s, human)
		return nil
	}, device)
}

// statsOfDevice returns the figures of a device, or the sums of all if name is empty.
func statsOfDevice(f *figures.Figures, name string) (blockStats, error) {
	var sum blockStats
	if _, counted := f.Get(figures.IOReadBytes); !counted {
		return sum, fmt.Errorf("the host does not count the io of this container: its control group has no io controller")
	}
	if name != "" {
		sum.Device = &name
	}
	var names []string
	for _, d := range f.Block {
		names = append(names, d.Name)
		if name == "" || d.Name == strings.TrimPrefix(name, "/dev/") {
			sum.ReadOperations += d.ReadOperations
			sum.ReadBytes += d.ReadBytes
			sum.WriteOperations += d.WriteOperations
			sum.WriteBytes += d.WriteBytes
		}
	}
	switch {
	case name == "" || slices.Contains(names, strings.TrimPrefix(name, "/dev/")):
		return sum, nil
	case len(names) == 0:
		return sum, fmt.Errorf("the container has not used a device '%s', nor any other", name)
	}
	return sum, fmt.Errorf("the container has not used a device '%s', but %s", name, strings.Join(names, ", "))
}

// printBlock prints as virsh does.
func (a *app) printBlock(device string, s blockStats, human bool) {
	device = printable(device)
	if human {
		fmt.Fprintf(a.out, "Device: %s\n", device)
	}
	for _, line := range []struct {
		name, sentence string
		value          uint64
	}{
		{"rd_req", "number of read operations:", s.ReadOperations},
		{"rd_bytes", "number of bytes read:", s.ReadBytes},
		{"wr_req", "number of write operations:", s.WriteOperations},
		{"wr_bytes", "number of bytes written:", s.WriteBytes},
	} {
		if human {
			fmt.Fprintf(a.out, " %-31s %d\n", line.sentence, line.value)
		} else {
			fmt.Fprintf(a.out, "%s %s %d\n", device, line.name, line.value)
		}
	}
}

// completeFigures completes names of devices that the container, which is named before, has figures of.
func (a *app) completeFigures(group figures.Group, names func(*figures.Figures) []string) completion {
	return a.completeOf(func(ctx context.Context, d Daemon, p client.Path) []string {
		f, err := d.Stats(ctx, p, group)
		if err != nil {
			return nil
		}
		return names(&f)
	})
}

// statsCommands are the commands that print figures.
func (a *app) statsCommands() []*cobra.Command {
	return []*cobra.Command{a.domstatsCommand(), a.memoryStatCommand(), a.cpuStatsCommand(), a.blockStatCommand(), a.interfaceStatCommand(), a.interfaceListCommand()}
}

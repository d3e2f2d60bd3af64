package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/internal/figures"
)

// measured selects the containers that have figures.
func measured() fitting { return fitting{States: []string{"running", "paused", "stopping"}} }

// memoryStats is the output of dommemstat --json. All but the faults are in KiB.
type memoryStats struct {
	Actual     uint64  `json:"actual"`
	SwapIn     *uint64 `json:"swap_in"`
	MajorFault *uint64 `json:"major_fault"`
	MinorFault *uint64 `json:"minor_fault"`
	DiskCaches *uint64 `json:"disk_caches"`
	RSS        *uint64 `json:"rss"`
}

func (a *app) memoryStatCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{Use: "dommemstat", Short: "Print statistics of the memory of a running container"}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return a.domainCommand(cmd, nameUUIDOrID, measured(), func(ctx context.Context, d Daemon, t target) error {
		f, err := d.Stats(ctx, t.path, figures.Memory)
		if err != nil {
			return err
		}
		info, err := d.Info(ctx, t.path)
		if err != nil {
			return err
		}
		kib := func(which figures.Figure) *uint64 {
			n := figure(&f, which)
			if n != nil {
				*n >>= 10
			}
			return n
		}
		s := memoryStats{
			Actual: info.MemoryMax >> 10,
			SwapIn: kib(figures.MemorySwapCurrent), // libvirt's driver, too, has what is in swap space
			RSS:    kib(figures.MemoryCurrent), DiskCaches: kib(figures.MemoryFile),
			MajorFault: figure(&f, figures.MemoryMajorPageFaults), MinorFault: figure(&f, figures.MemoryPageFaults),
		}
		if asJSON {
			return a.printJSON(s)
		}
		for _, line := range []struct {
			name  string
			value *uint64
		}{
			{"actual", &s.Actual},
			{"swap_in", s.SwapIn},
			{"major_fault", s.MajorFault},
			{"minor_fault", s.MinorFault},
			{"disk_caches", s.DiskCaches},
			{"rss", s.RSS},
		} {
			if line.value != nil {
				fmt.Fprintf(a.out, "%s %d\n", line.name, *line.value)
			}
		}
		return nil
	})
}

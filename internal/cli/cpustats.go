package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/internal/figures"
)

// cpuTotal is the output of cpu-stats --json.
type cpuTotal struct {
	CPU    *uint64 `json:"cpu_time_nsec"`
	User   *uint64 `json:"user_time_nsec"`
	System *uint64 `json:"system_time_nsec"`
}

func (a *app) cpuStatsCommand() *cobra.Command {
	var total, asJSON bool
	var start, count int
	cmd := &cobra.Command{Use: "cpu-stats", Short: "Print the time of processors that a running container has used"}
	cmd.Flags().BoolVar(&total, "total", false, "print the total only")
	cmd.Flags().IntVar(&start, "start", 0, "first `processor` to print; the kernel counts none by itself")
	cmd.Flags().IntVar(&count, "count", 0, "`number` of processors to print; the kernel counts none by itself")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the total as JSON")
	return a.domainCommand(cmd, nameUUIDOrID, measured(), func(ctx context.Context, d Daemon, t target) error {
		switch {
		case start < 0:
			return errors.New("invalid value for start CPU")
		case count < 0:
			return errors.New("invalid value for number of CPUs to show")
		}
		f, err := d.Stats(ctx, t.path, figures.CPU)
		if err != nil {
			return err
		}
		nanoseconds := func(which figures.Figure) *uint64 {
			n := figure(&f, which)
			if n != nil {
				*n *= nsec
			}
			return n
		}
		s := cpuTotal{nanoseconds(figures.CPUUsageUSec), nanoseconds(figures.CPUUserUSec), nanoseconds(figures.CPUSystemUSec)}
		if asJSON {
			return a.printJSON(s)
		}
		some := cmd.Flags().Changed("start") || cmd.Flags().Changed("count")
		if some || !total {
			fmt.Fprintln(a.out, "No per-CPU stats available")
		}
		if total || !some {
			a.printTotal(s)
		}
		return nil
	})
}

// printTotal prints as virsh does.
func (a *app) printTotal(s cpuTotal) {
	const second = 1_000_000_000
	fmt.Fprintln(a.out, "Total:")
	for _, line := range []struct {
		name string
		nsec *uint64
	}{{"cpu_time", s.CPU}, {"user_time", s.User}, {"system_time", s.System}} {
		if line.nsec != nil {
			fmt.Fprintf(a.out, "\t%-12s %9d.%09d seconds\n", line.name, *line.nsec/second, *line.nsec%second)
		}
	}
}

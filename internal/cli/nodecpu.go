package cli

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/spf13/cobra"
)

// cpuTimes is the output of nodecpustats --json.
type cpuTimes struct {
	UserNSec   uint64 `json:"user_nsec"`
	SystemNSec uint64 `json:"system_nsec"`
	IdleNSec   uint64 `json:"idle_nsec"`
	IOWaitNSec uint64 `json:"iowait_nsec"`
}

// cpuShares is the output of nodecpustats --percent --json.
type cpuShares struct {
	Usage  float64 `json:"usage_percent"`
	User   float64 `json:"user_percent"`
	System float64 `json:"system_percent"`
	Idle   float64 `json:"idle_percent"`
	IOWait float64 `json:"iowait_percent"`
}

// cpuSpan is the time of which nodecpustats --percent tells the shares.
const cpuSpan = time.Second

func (a *app) nodeCPUCommand() *cobra.Command {
	var percent, asJSON bool
	cpu := &part{name: "cpu", word: "CPU", what: "processor", value: wholeHost}
	cmd := &cobra.Command{Use: "nodecpustats", Short: "Print for what the processors of the host, or one, were used"}
	cmd.Flags().BoolVar(&percent, "percent", false, "print percentages of the next second")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cpu.add(cmd, "print that of this `CPU`", a.completeParts(Daemon.NodeCPU))
	return a.nodeCommand(cmd, func(ctx context.Context, d Daemon) error {
		times, err := readCPU(ctx, d, cpu)
		if err != nil {
			return err
		}
		if !percent {
			return a.printTimes(times, asJSON)
		}
		if err := a.pause(ctx, cpuSpan); err != nil {
			return err
		}
		later, err := readCPU(ctx, d, cpu)
		if err != nil {
			return err
		}
		return a.printShares(later.since(times).shares(), asJSON)
	})
}

func readCPU(ctx context.Context, d Daemon, cpu *part) (cpuTimes, error) {
	list, err := d.NodeCPU(ctx)
	if err != nil {
		return cpuTimes{}, err
	}
	f, err := cpu.of(list)
	return cpuTimes{f["user-nsec"], f["system-nsec"], f["idle-nsec"], f["iowait-nsec"]}, err
}

// pause waits. It returns the cause if ctx ends before.
func (a *app) pause(ctx context.Context, d time.Duration) error {
	select {
	case <-a.after(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// after is time.After, unless a test has its own.
func (a *app) after(d time.Duration) <-chan time.Time {
	if a.After != nil {
		return a.After(d)
	}
	return time.After(d)
}

// since returns what was added after earlier. The kernel may take some idle time back.
func (t cpuTimes) since(earlier cpuTimes) cpuTimes {
	less := func(a, b uint64) uint64 { return a - min(a, b) }
	return cpuTimes{
		less(t.UserNSec, earlier.UserNSec), less(t.SystemNSec, earlier.SystemNSec),
		less(t.IdleNSec, earlier.IdleNSec), less(t.IOWaitNSec, earlier.IOWaitNSec),
	}
}

func (t cpuTimes) shares() cpuShares {
	total := float64(t.UserNSec) + float64(t.SystemNSec) + float64(t.IdleNSec) + float64(t.IOWaitNSec)
	if total == 0 {
		total = 1 // nothing was counted meanwhile
	}
	share := func(nsec uint64) float64 { return math.Round(float64(nsec)/total*100_000) / 1000 }
	s := cpuShares{User: share(t.UserNSec), System: share(t.SystemNSec), Idle: share(t.IdleNSec), IOWait: share(t.IOWaitNSec)}
	s.Usage = share(t.UserNSec + t.SystemNSec)
	return s
}

func (a *app) printTimes(t cpuTimes, asJSON bool) error {
	if asJSON {
		return a.printJSON(t)
	}
	fmt.Fprintf(a.out, "%-15s %20d\n", "user:", t.UserNSec)
	fmt.Fprintf(a.out, "%-15s %20d\n", "system:", t.SystemNSec)
	fmt.Fprintf(a.out, "%-15s %20d\n", "idle:", t.IdleNSec)
	fmt.Fprintf(a.out, "%-15s %20d\n", "iowait:", t.IOWaitNSec)
	return nil
}

func (a *app) printShares(s cpuShares, asJSON bool) error {
	if asJSON {
		return a.printJSON(s)
	}
	fmt.Fprintf(a.out, "%-15s %5.1f%%\n", "usage:", s.Usage)
	fmt.Fprintf(a.out, "%-15s %5.1f%%\n", "user:", s.User)
	fmt.Fprintf(a.out, "%-15s %5.1f%%\n", "system:", s.System)
	fmt.Fprintf(a.out, "%-15s %5.1f%%\n", "idle:", s.Idle)
	fmt.Fprintf(a.out, "%-15s %5.1f%%\n", "iowait:", s.IOWait)
	return nil
}

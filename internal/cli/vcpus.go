package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/internal/client"
)

// setVCPUsCommand changes <vcpu>, which limits nothing: of a running container berthd says what does.
func (a *app) setVCPUsCommand() *cobra.Command {
	var f affected
	var maximum bool
	cmd := &cobra.Command{Use: "setvcpus", Short: "Change the number of processors in a stored definition; schedinfo and <vcpu cpuset=''/> limit a container"}
	f.add(cmd)
	cmd.Flags().BoolVar(&maximum, "maximum", false, "the most that there can be, which is the same number")
	count := &operand{name: "count", about: "`COUNT` of processors"}
	return a.domainCommand(cmd, nameUUIDOrID, fitting{}, func(ctx context.Context, d Daemon, t target) error {
		n, err := strconv.ParseUint(count.value, 10, 32)
		if err != nil || n == 0 {
			return malformed(count.value, count.name)
		}
		return begun(ctx, d.SetResources(ctx, t.path, client.Resources{"VCPUs": uint32(n)}, client.TuneOptions{Live: f.live, Config: f.config}))
	}, count)
}

// vcpuCountCommand prints <vcpu>. The most that there can be and what there is are one number.
func (a *app) vcpuCountCommand() *cobra.Command {
	var maximum, active, live, config, current bool
	cmd := &cobra.Command{Use: "vcpucount", Short: "Print the number of processors in the definitions of a container"}
	for name, to := range map[string]*bool{"maximum": &maximum, "active": &active} {
		cmd.Flags().BoolVar(to, name, false, "the "+name+" number, which is the same as the other")
	}
	cmd.Flags().BoolVar(&live, "live", false, "of the running container")
	cmd.Flags().BoolVar(&config, "config", false, "of the stored definition")
	cmd.Flags().BoolVar(&current, "current", false, "of the running container, or of the stored definition if it is off")
	return a.domainCommand(cmd, nameUUIDOrID, fitting{}, func(ctx context.Context, d Daemon, t target) error {
		switch {
		case maximum && active:
			return errors.New("options --maximum and --active are mutually exclusive")
		case live && config || current && (live || config):
			return errors.New("options --live, --config and --current are mutually exclusive")
		}
		if maximum || active || live || config || current {
			i, err := d.Resources(ctx, t.path, client.TuneOptions{Live: live, Config: config})
			if err == nil {
				fmt.Fprintln(a.out, i.VCPUs)
			}
			return err
		}
		return a.printVCPUs(ctx, d, t)
	})
}

// printVCPUs prints the numbers of both definitions, as far as there are both.
func (a *app) printVCPUs(ctx context.Context, d Daemon, t target) error {
	info, err := d.Info(ctx, t.path)
	if err != nil {
		return err
	}
	var rows []line
	for _, of := range []struct {
		word  string
		there bool
		o     client.TuneOptions
	}{{"config", info.Persistent, client.TuneOptions{Config: true}}, {"live", info.State != "shutoff", client.TuneOptions{Live: true}}} {
		if !of.there {
			continue
		}
		i, err := d.Resources(ctx, t.path, of.o)
		if err != nil {
			return err
		}
		rows = append(rows, line{of.word, number(i.VCPUs)})
	}
	for _, which := range []string{"maximum", "current"} {
		for _, r := range rows {
			fmt.Fprintf(a.out, "%-12s %-12s %3s\n", which, r.label, r.text)
		}
	}
	return nil
}

package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/internal/client"
)

// deviceChange holds the options of a command that changes the devices of a container.
type deviceChange struct {
	affected
	persistent bool
}

func (f *deviceChange) add(cmd *cobra.Command) {
	f.affected.add(cmd)
	cmd.Flags().BoolVar(&f.persistent, "persistent", false, "of the stored definition, and of the container if it runs")
	before := cmd.PreRunE
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		if err := exclusive(cmd, "persistent", "current"); err != nil {
			return err
		}
		return before(cmd, args)
	}
}

// options returns what is to change. For --persistent it asks whether the container runs, as virsh does.
func (f *deviceChange) options(ctx context.Context, d Daemon, t target) (client.TuneOptions, error) {
	o := client.TuneOptions{Live: f.live, Config: f.config || f.persistent}
	if !f.persistent || f.live {
		return o, nil
	}
	info, err := d.Info(ctx, t.path)
	o.Live = info.State != "shutoff"
	return o, err
}

// change carries a change out and says that it is done.
func (a *app) change(ctx context.Context, d Daemon, t target, f *deviceChange, do func(o client.TuneOptions) error, done string) error {
	o, err := f.options(ctx, d, t)
	if err != nil {
		return err
	}
	if err := begun(ctx, do(o)); err != nil {
		return err
	}
	if !a.quiet {
		a.say("%s", done)
	}
	return nil
}

func (a *app) deviceCommands() []*cobra.Command {
	return []*cobra.Command{
		a.deviceCommand("attach-device", "Attach a device to a container, from XML", Daemon.AttachDevice, "Device attached successfully"),
		a.deviceCommand("detach-device", "Detach a device from a container, from XML", Daemon.DetachDevice, "Device detached successfully"),
		a.deviceCommand("update-device", "Change a device of a container, from XML", Daemon.UpdateDevice, "Device updated successfully"),
		a.detachAliasCommand(),
	}
}

func (a *app) deviceCommand(use, short string, do func(Daemon, context.Context, client.Path, string, client.TuneOptions) error, done string) *cobra.Command {
	var f deviceChange
	cmd := &cobra.Command{Use: use, Short: short}
	f.add(cmd)
	file := &operand{name: "file", about: "`FILE` with the XML of the device, - for standard input", complete: completeXMLFile}
	return a.domainCommand(cmd, nameUUIDOrID, fitting{}, func(ctx context.Context, d Daemon, t target) error {
		xml, err := a.readXML(ctx, file.value)
		if err != nil {
			return err
		}
		err = a.change(ctx, d, t, &f, func(o client.TuneOptions) error { return do(d, ctx, t.path, xml, o) }, done)
		if err == nil && use != "detach-device" {
			a.warnWithoutEffect(ctx, d, xml, file.value, true)
		}
		return err
	}, file)
}

func (a *app) detachAliasCommand() *cobra.Command {
	var f affected
	cmd := &cobra.Command{Use: "detach-device-alias", Short: "Detach the device with an alias from a container"}
	f.add(cmd)
	alias := &operand{name: "alias", about: "`ALIAS` of the device, as dumpxml shows it"}
	alias.complete = a.completeDevices(func(d client.Device) string { return d.Alias })
	return a.domainCommand(cmd, nameUUIDOrID, fitting{}, func(ctx context.Context, d Daemon, t target) error {
		return a.change(ctx, d, t, &deviceChange{affected: f}, func(o client.TuneOptions) error {
			return d.DetachDeviceAlias(ctx, t.path, alias.value, o)
		}, "Device detached successfully")
	}, alias)
}

// completeDevices completes a name that each device of the container has, or has not ("").
func (a *app) completeDevices(name func(client.Device) string) completion {
	return a.completeOf(func(ctx context.Context, d Daemon, p client.Path) (names []string) {
		list, _ := d.ListDevices(ctx, p, client.TuneOptions{}) // a completion must not print errors
		for _, one := range list {
			if n := name(one); n != "" && printable(n) == n {
				names = append(names, n)
			}
		}
		return names
	})
}

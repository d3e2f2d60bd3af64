package cli

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/internal/client"
)

func (a *app) diskCommands() []*cobra.Command {
	return []*cobra.Command{a.attachDiskCommand(), a.detachDiskCommand(), a.blockListCommand()}
}

// diskXML returns the element of a disk. berthctl links no XML library.
func diskXML(kind, source, target, more string) string {
	attribute := map[string]string{"block": "dev"}[kind]
	if attribute == "" {
		attribute = "file"
	}
	return "<disk type=" + quoted(kind) + " device='disk'>\n  <source " + attribute + "=" + quoted(source) + "/>\n  <target dev=" + quoted(target) + more + "</disk>"
}

// quoted returns a text as the value of an attribute in XML.
func quoted(text string) string {
	return "'" + strings.NewReplacer("&", "&amp;", "<", "&lt;", "'", "&apos;", "\n", "&#10;", "\t", "&#9;", "\r", "&#13;").Replace(text) + "'"
}

func (a *app) attachDiskCommand() *cobra.Command {
	var f deviceChange
	var sourceType, mode, bus, alias string
	var print bool
	cmd := &cobra.Command{Use: "attach-disk", Short: "Attach a disk to a container"}
	f.add(cmd)
	cmd.Flags().StringVar(&sourceType, "sourcetype", "", "`TYPE` of the source, block or file; without it, what the source is")
	cmd.Flags().StringVar(&mode, "mode", "", "`MODE` of the disk; readonly is the only one")
	cmd.Flags().StringVar(&bus, "targetbus", "", "`BUS` of the disk, kept only")
	cmd.Flags().StringVar(&alias, "alias", "", "`ALIAS` of the disk, which begins with ua-")
	cmd.Flags().BoolVar(&print, "print-xml", false, "print the XML, and change nothing")
	source := &operand{name: "source", about: "`SOURCE`: a block device or an image file", complete: completePath}
	to := &operand{name: "target", about: "`TARGET`: its name below /dev in the container"}
	for name, words := range map[string][]string{"sourcetype": {"block", "file"}, "mode": {"readonly"}} {
		_ = cmd.RegisterFlagCompletionFunc(name, completeWords(words...)) // the only errors are that there is no such flag, and that it is completed
	}
	return a.domainCommand(cmd, nameUUIDOrID, fitting{}, func(ctx context.Context, d Daemon, t target) error {
		if mode != "" && mode != "readonly" {
			return fmt.Errorf("no support for mode '%s' in command 'attach-disk'; there is readonly", mode)
		}
		if sourceType == "" {
			sourceType = "file"
			info, err := os.Stat(source.value)
			there := a.host != "" && strings.HasPrefix(source.value, "/dev/") // it cannot be looked at
			if there || a.host == "" && err == nil && info.Mode()&os.ModeDevice != 0 {
				sourceType = "block"
			}
		}
		more := "/>\n"
		if bus != "" {
			more = " bus=" + quoted(bus) + more
		}
		if mode == "readonly" {
			more += "  <readonly/>\n"
		}
		if alias != "" {
			more += "  <alias name=" + quoted(alias) + "/>\n"
		}
		xml := diskXML(sourceType, source.value, to.value, more)
		if print {
			fmt.Fprintln(a.out, xml)
			return nil
		}
		return a.change(ctx, d, t, &f, func(o client.TuneOptions) error { return d.AttachDevice(ctx, t.path, xml, o) }, "Disk attached successfully")
	}, source, to)
}

func (a *app) detachDiskCommand() *cobra.Command {
	var f deviceChange
	var print bool
	cmd := &cobra.Command{Use: "detach-disk", Short: "Detach a disk from a container"}
	f.add(cmd)
	cmd.Flags().BoolVar(&print, "print-xml", false, "print the XML, and change nothing")
	which := &operand{name: "target", about: "`TARGET`: its name below /dev in the container, or its source"}
	which.complete = a.completeDevices(func(d client.Device) string { return map[bool]string{true: d.Target}[d.Kind == "disk"] })
	return a.domainCommand(cmd, nameUUIDOrID, fitting{}, func(ctx context.Context, d Daemon, t target) error {
		o, err := f.options(ctx, d, t)
		if err != nil {
			return err
		}
		// With both, the disk of the running container says which one is meant.
		list, err := d.ListDevices(ctx, t.path, client.TuneOptions{Live: o.Live, Config: o.Config && !o.Live})
		if err != nil {
			return err
		}
		for _, disk := range list {
			if disk.Kind != "disk" || disk.Target != which.value && disk.Source != which.value {
				continue
			}
			xml := diskXML(disk.Type, disk.Source, disk.Target, "/>\n")
			if print {
				fmt.Fprintln(a.out, xml)
				return nil
			}
			return a.change(ctx, d, t, &f, func(o client.TuneOptions) error { return d.DetachDevice(ctx, t.path, xml, o) }, "Disk detached successfully")
		}
		return fmt.Errorf("no disk found whose source path or target is %s", which.value)
	}, which)
}

// listedDisk is a disk in domblklist --json.
type listedDisk struct {
	Type     string  `json:"type"`
	Device   string  `json:"device"`
	Target   string  `json:"target"`
	Source   string  `json:"source"`
	ReadOnly bool    `json:"readonly"`
	Alias    *string `json:"alias"` // null if a stored one has none
}

func (a *app) blockListCommand() *cobra.Command {
	var inactive, details, asJSON bool
	cmd := &cobra.Command{Use: "domblklist", Short: "List the disks of a container"}
	cmd.Flags().BoolVar(&inactive, "inactive", false, "those of the stored definition")
	cmd.Flags().BoolVar(&details, "details", false, "also print the type")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return a.domainCommand(cmd, nameUUIDOrID, fitting{}, func(ctx context.Context, d Daemon, t target) error {
		devices, err := d.ListDevices(ctx, t.path, client.TuneOptions{Config: inactive})
		if err != nil {
			return err
		}
		list := []listedDisk{}
		var rows [][]string
		for _, one := range devices {
			if one.Kind != "disk" {
				continue
			}
			list = append(list, listedDisk{one.Type, "disk", one.Target, one.Source, one.ReadOnly, unlessZero(one.Alias)})
			row := []string{printable(one.Target), printable(one.Source)}
			if details {
				row = append([]string{one.Type, "disk"}, row...)
			}
			rows = append(rows, row)
		}
		heads := []string{"Target", "Source"}
		if details {
			heads = []string{"Type", "Device", "Target", "Source"}
		}
		switch {
		case asJSON:
			return a.printJSON(list)
		case a.quiet:
			a.printRows(rows)
		default:
			a.printTable(heads, rows)
		}
		return nil
	})
}

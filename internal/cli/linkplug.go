package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/internal/client"
)

// sources are the types of interfaces that attach-interface makes, with the attribute of their source.
func sources() map[string]string {
	return map[string]string{"network": "network", "bridge": "bridge", "direct": "dev", "ethernet": ""}
}

func (a *app) attachInterfaceCommand() *cobra.Command {
	var f deviceChange
	var onHost, mac, model, guest, mode string
	var printOnly bool
	in, out := &operand{name: "inbound"}, &operand{name: "outbound"}
	kind := &operand{name: "type", about: "`TYPE`: network, bridge, direct or ethernet", complete: cobra.FixedCompletions([]string{"network", "bridge", "direct", "ethernet"}, cobra.ShellCompDirectiveNoFileComp)}
	source := &operand{name: "source", about: "`SOURCE`: the network, the bridge or the link of the host; ethernet has none", optional: true}
	cmd := &cobra.Command{Use: "attach-interface", Short: "Give a container one more network interface"}
	f.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&onHost, "target", "", "its `NAME` on the host")
	flags.StringVar(&guest, "guest", "", "its `NAME` in the container")
	flags.StringVar(&mac, "mac", "", "its `MAC` address")
	flags.StringVar(&model, "model", "", "`MODEL`, which is kept")
	flags.StringVar(&mode, "source-mode", "", "`MODE` of direct: vepa, bridge, private or passthrough")
	flags.StringVar(&in.value, "inbound", "", "`INBOUND`: average[,peak[,burst]] of what the container receives, in kilobytes a second, and in KiB")
	flags.StringVar(&out.value, "outbound", "", "`OUTBOUND`: the same of what the container sends")
	flags.BoolVar(&printOnly, "print-xml", false, "print the XML, and attach nothing")
	return a.domainCommand(cmd, nameUUIDOrID, fitting{}, func(ctx context.Context, d Daemon, t target) error {
		attribute, known := sources()[kind.value]
		switch {
		case !known:
			return fmt.Errorf("no support for %s in command 'attach-interface'", kind.value)
		case attribute != "" && !source.given:
			return errors.New("command 'attach-interface' requires <source> option")
		}
		x := element{}
		x.open("interface", "type", kind.value)
		x.empty("mac", "address", mac)
		x.empty("source", attribute, source.value, "mode", mode)
		if err := x.bandwidth(in, out); err != nil {
			return err
		}
		x.empty("target", "dev", onHost)
		x.empty("guest", "dev", guest)
		x.empty("model", "type", model)
		x.close("interface")
		if printOnly {
			fmt.Fprint(a.out, x.text.String())
			return nil
		}
		return a.change(ctx, d, t, &f, func(o client.TuneOptions) error { return d.AttachDevice(ctx, t.path, x.text.String(), o) }, "Interface attached successfully")
	}, kind, source)
}

func (a *app) detachInterfaceCommand() *cobra.Command {
	var f deviceChange
	var mac string
	kind := &operand{name: "type", about: "`TYPE` of the interface"}
	cmd := &cobra.Command{Use: "detach-interface", Short: "Take a network interface from a container"}
	f.add(cmd)
	cmd.Flags().StringVar(&mac, "mac", "", "its `MAC` address, which is needed if the container has several of the type")
	return a.domainCommand(cmd, nameUUIDOrID, fitting{}, func(ctx context.Context, d Daemon, t target) error {
		return a.change(ctx, d, t, &f, func(o client.TuneOptions) error {
			list, err := d.Interfaces(ctx, t.path, client.TuneOptions{Live: o.Live, Config: o.Config && !o.Live})
			if err != nil {
				return err
			}
			i, err := theOne(list, kind.value, mac)
			if err != nil {
				return err
			}
			x := element{}
			x.open("interface", "type", i.Type)
			x.empty("mac", "address", i.MAC)
			x.empty("source", sources()[i.Type], i.Source)
			x.close("interface")
			return d.DetachDevice(ctx, t.path, x.text.String(), o)
		}, "Interface detached successfully")
	}, kind)
}

// theOne returns the interface of a type, which has the MAC address if one is given.
func theOne(list []client.InterfaceInfo, kind, mac string) (client.InterfaceInfo, error) {
	none := client.InterfaceInfo{}
	list = slices.DeleteFunc(slices.Clone(list), func(i client.InterfaceInfo) bool { return i.Type != kind })
	switch {
	case len(list) == 0:
		return none, fmt.Errorf("no interface found whose type is %s", kind)
	case mac == "" && len(list) > 1:
		return none, fmt.Errorf("domain has %d interfaces; please specify which one to detach using --mac", len(list))
	case mac == "":
		return list[0], nil
	}
	n := slices.IndexFunc(list, func(i client.InterfaceInfo) bool { return strings.EqualFold(i.MAC, mac) })
	if n < 0 {
		return none, fmt.Errorf("no interface with MAC address %s was found", mac)
	}
	return list[n], nil
}

// element writes a few elements of domain XML. berthctl links no library for it.
type element struct {
	text  strings.Builder
	depth int
}

func (x *element) open(name string, attributes ...string) { x.tag(name, ">", attributes); x.depth++ }

func (x *element) close(name string) {
	x.depth--
	fmt.Fprintf(&x.text, "%s</%s>\n", strings.Repeat("  ", x.depth), name)
}

// empty writes an element without content, unless all its attributes are empty.
func (x *element) empty(name string, attributes ...string) {
	for n := 1; n < len(attributes); n += 2 {
		if attributes[n] != "" && attributes[n-1] != "" {
			x.tag(name, "/>", attributes)
			return
		}
	}
}

func (x *element) tag(name, end string, attributes []string) {
	fmt.Fprintf(&x.text, "%s<%s", strings.Repeat("  ", x.depth), name)
	for n := 1; n < len(attributes); n += 2 {
		if attributes[n] != "" && attributes[n-1] != "" {
			x.text.WriteString(" " + attributes[n-1] + "=" + quoted(attributes[n]))
		}
	}
	x.text.WriteString(end + "\n")
}

// bandwidth writes the limits, if there are any.
func (x *element) bandwidth(in, out *operand) error {
	if in.value == "" && out.value == "" {
		return nil
	}
	x.open("bandwidth")
	for _, o := range []*operand{in, out} {
		if o.value == "" {
			continue
		}
		r, err := parseRate(o)
		if err != nil {
			return err
		}
		j := rateOf(r)
		x.empty(o.name, "average", unlessNone(j.Average), "peak", unlessNone(j.Peak), "burst", unlessNone(j.Burst))
	}
	x.close("bandwidth")
	return nil
}

func unlessNone(n uint64) string {
	if n == 0 {
		return ""
	}
	return number(n)
}

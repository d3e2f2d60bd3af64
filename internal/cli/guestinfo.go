package cli

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/internal/client"
)

func (a *app) guestInfoCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{Use: "guestinfo", Short: "Print what a running container is to itself: its system, time zone, host name, file systems and links"}
	kinds := []string{"os", "timezone", "hostname", "filesystem", "interface"}
	wanted := make([]bool, len(kinds))
	for i, about := range []string{"the system and the kernel", "the time zone", "the host name", "the file systems", "the network interfaces"} {
		cmd.Flags().BoolVar(&wanted[i], kinds[i], false, about)
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return a.domainCommand(cmd, nameUUIDOrID, inside(), func(ctx context.Context, d Daemon, t target) error {
		var chosen []string
		for i, kind := range kinds {
			if wanted[i] {
				chosen = append(chosen, kind)
			}
		}
		g, err := d.GetGuestInfo(ctx, t.path, chosen...)
		switch {
		case err != nil:
			return err
		case asJSON:
			return a.printJSON(guestJSON(&g))
		}
		for _, l := range guestLines(&g) {
			fmt.Fprintf(a.out, "%-20s: %s\n", l.label, printable(l.text))
		}
		return nil
	})
}

// guestLines are libvirt's parameters.
func guestLines(g *client.GuestInfo) (list []line) {
	put := func(label, text string) { list = append(list, line{label, text}) }
	for _, l := range systemLines(g) {
		if l.text != "" {
			put("os."+l.label, l.text)
		}
	}
	if g.TimeZone != nil {
		put("timezone.name", *g.TimeZone)
		put("timezone.offset", fmt.Sprint(g.TimeZoneOffset))
	}
	if g.HostName != nil {
		put("hostname", *g.HostName)
	}
	if g.FileSystems != nil {
		put("fs.count", fmt.Sprint(len(*g.FileSystems)))
		for i, fs := range *g.FileSystems {
			at := fmt.Sprintf("fs.%d.", i)
			put(at+"mountpoint", fs.MountPoint)
			put(at+"name", fs.Name)
			put(at+"fstype", fs.Type)
		}
	}
	if g.Interfaces != nil {
		put("if.count", fmt.Sprint(len(*g.Interfaces)))
		for i, link := range *g.Interfaces {
			list = append(list, linkLines(fmt.Sprintf("if.%d.", i), link)...)
		}
	}
	return list
}

func systemLines(g *client.GuestInfo) []line {
	return []line{
		{"id", g.ID},
		{"name", g.OSName},
		{"pretty-name", g.PrettyName},
		{"version", g.Version},
		{"version-id", g.VersionID},
		{"variant", g.Variant},
		{"variant-id", g.VariantID},
		{"kernel-release", g.KernelRelease},
		{"kernel-version", g.KernelVersion},
		{"machine", g.Machine},
	}
}

func linkLines(at string, link client.GuestInterface) []line {
	list := []line{{at + "name", link.Name}}
	if link.MAC != "" {
		list = append(list, line{at + "hwaddr", link.MAC})
	}
	list = append(list, line{at + "addr.count", fmt.Sprint(len(link.Addresses))})
	for n, text := range link.Addresses {
		of := fmt.Sprintf("%saddr.%d.", at, n)
		a := parsedAddress(text)
		list = append(list, line{of + "type", a.Type}, line{of + "addr", a.Address}, line{of + "prefix", fmt.Sprint(a.Prefix)})
	}
	return list
}

// guestAddress is an address in guestinfo --json.
type guestAddress struct {
	Type    string `json:"type"`
	Address string `json:"addr"`
	Prefix  int    `json:"prefix"`
}

func parsedAddress(text string) guestAddress {
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return guestAddress{Address: text}
	}
	kind := "ipv4"
	if p.Addr().Is6() {
		kind = "ipv6"
	}
	return guestAddress{kind, p.Addr().String(), p.Bits()}
}

// guestJSON is the output of guestinfo --json. What was not asked for, or could not be read, is not there.
func guestJSON(g *client.GuestInfo) map[string]any {
	type link struct {
		Name      string         `json:"name"`
		MAC       *string        `json:"hwaddr"`
		Addresses []guestAddress `json:"addr"`
	}
	out := map[string]any{}
	system := map[string]string{}
	for _, l := range systemLines(g) {
		if l.text != "" {
			system[strings.ReplaceAll(l.label, "-", "_")] = l.text
		}
	}
	if len(system) > 0 {
		out["os"] = system
	}
	if g.TimeZone != nil {
		out["timezone"] = map[string]any{"name": *g.TimeZone, "offset": g.TimeZoneOffset}
	}
	if g.HostName != nil {
		out["hostname"] = *g.HostName
	}
	if g.FileSystems != nil {
		out["filesystems"] = fileSystemsOf(g)
	}
	if g.Interfaces != nil {
		links := []link{}
		for _, i := range *g.Interfaces {
			one := link{i.Name, unlessZero(i.MAC), []guestAddress{}}
			for _, text := range i.Addresses {
				one.Addresses = append(one.Addresses, parsedAddress(text))
			}
			links = append(links, one)
		}
		out["interfaces"] = links
	}
	return out
}

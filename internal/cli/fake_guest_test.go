package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/client"
)

// GetGuestInfo tells what web is to itself. Its time zone is not known, and its mount point moves no cursor.
func (f *fake) GetGuestInfo(_ context.Context, p client.Path, kinds ...string) (g client.GuestInfo, err error) {
	if err := f.call("GetGuestInfo", strings.Join(kinds, " ")); err != nil {
		return g, err
	}
	if f.at(p).State == "shutoff" {
		return g, &client.Error{Name: contract.ErrorNotRunning, Message: "cannot look into domain: domain is not running"}
	}
	asked := func(kind string) bool { return len(kinds) == 0 || slices.Contains(kinds, kind) }
	if asked("hostname") {
		name := "web.example.com"
		g.HostName = &name
	}
	if asked("os") {
		g.ID, g.PrettyName, g.KernelRelease, g.Machine = "debian", "Debian GNU/Linux 12", "6.1.0", "x86_64"
	}
	if asked("time") {
		g.TimeUSec = 1_700_000_000_500_000
	}
	if asked("timezone") && len(kinds) > 0 {
		zone := "CET"
		g.TimeZone, g.TimeZoneOffset = &zone, 3600
	}
	if asked("filesystem") {
		g.FileSystems = &[]client.GuestFileSystem{{MountPoint: "/", Name: "sda1", Type: "ext4"}, {MountPoint: "/a\x1b[2J", Name: "host:/x", Type: "nfs4"}}
	}
	if asked("interface") {
		g.Interfaces = &[]client.GuestInterface{{Name: "lo", Addresses: []string{"127.0.0.1/8", "::1/128"}}, {Name: "eth0", MAC: "52:54:00:00:00:01"}}
	}
	return g, nil
}

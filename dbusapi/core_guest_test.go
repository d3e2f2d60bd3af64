package dbusapi

import (
	"context"
	"net/netip"
	"strings"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/guest"
	"github.com/berthd/berth/service"
)

// HostName is what no bus would let through.
func (f *fakeCore) HostName(ctx context.Context, u domain.UUID) (string, error) {
	return "we\xffb\x00", f.run(ctx, "hostname", u)
}

func (f *fakeCore) FileSystems(ctx context.Context, u domain.UUID) ([]guest.FileSystem, error) {
	return []guest.FileSystem{{MountPoint: "/", Name: "sda1", Type: "ext4"}, {MountPoint: "/" + strings.Repeat("x", 2*maxGuestText), Name: "b", Type: "xfs"}}, f.run(ctx, "filesystem", u)
}

// GuestInterfaces has more links than fit into a reply.
func (f *fakeCore) GuestInterfaces(ctx context.Context, u domain.UUID) (list []guest.Interface, err error) {
	for range maxGuestLinks + 1 {
		list = append(list, guest.Interface{Name: "eth0", MAC: "52:54:00:00:00:01", Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.7/24")}})
	}
	return list, f.run(ctx, "interface", u)
}

func (f *fakeCore) Release(ctx context.Context, u domain.UUID) (guest.Release, error) {
	return guest.Release{"ID": "debian", "PRETTY_NAME": "Debian", "SECRET": "x"}, f.run(ctx, "os", u)
}

func (f *fakeCore) TimeZone(ctx context.Context, u domain.UUID) (service.Zone, error) {
	return service.Zone{Name: "CET", Offset: 3600}, f.run(ctx, "timezone", u)
}

func (f *fakeCore) VCPUs(_ domain.UUID, o service.TuneOptions) (uint32, error) {
	if o.Config {
		return 3, nil
	}
	return 2, nil
}

func (f *fakeCore) SetAutostartOnce(ctx context.Context, u domain.UUID, on bool) error {
	return f.change(ctx, "autostart once", u, "", "", func(s *service.Snapshot) *service.Snapshot {
		s.OnceAtBoot = on
		return s
	})
}

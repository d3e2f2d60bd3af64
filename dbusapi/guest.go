package dbusapi

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/guest"
	"github.com/berthd/berth/service"
)

// guestCore tells what a running container is to itself.
type guestCore interface {
	HostName(ctx context.Context, u domain.UUID) (string, error)
	FileSystems(ctx context.Context, u domain.UUID) ([]guest.FileSystem, error)
	GuestInterfaces(ctx context.Context, u domain.UUID) ([]guest.Interface, error)
	Release(ctx context.Context, u domain.UUID) (guest.Release, error)
	TimeZone(ctx context.Context, u domain.UUID) (service.Zone, error)
}

func getGuestInfoMethod() *method {
	return &method{
		name: "GetGuestInfo", in: "asa{sv}", out: "a{sv}", action: contract.ActionMonitor, asks: true, doing: "look into domain", run: getGuestInfo,
	}
}

// What a reply has at most of what the container makes.
const (
	maxGuestFileSystems = 256
	maxGuestLinks       = 64
	maxGuestAddresses   = 64 // of a link
	maxGuestText        = 4 << 10
)

type guestPart = func(ctx context.Context, s *Server, c *call, out map[string]dbus.Variant) error

// guestParts are the kinds of what can be asked.
func guestParts() map[string]guestPart {
	return map[string]guestPart{
		"hostname": guestHostName, "os": guestSystem, "timezone": guestTimeZone, "time": guestTime, "filesystem": guestFileSystems, "interface": guestInterfaces,
	}
}

// getGuestInfo replies with the parts that are named. If none is, a part that cannot be read is left out.
func getGuestInfo(ctx context.Context, s *Server, c *call) ([]any, error) {
	parts := guestParts()
	kinds := c.args[0].([]string)
	for _, kind := range kinds {
		if parts[kind] == nil {
			return nil, stdError(contract.ErrorInvalidArgs, "GetGuestInfo has no kind %q; there are %s", kind, strings.Join(slices.Sorted(maps.Keys(parts)), ", "))
		}
	}
	snap, err := s.core.ByUUID(c.uuid)
	switch {
	case err != nil:
		return nil, err
	case !snap.State.Active():
		return nil, &service.StateError{Kind: service.NotRunning, Name: snap.Name, State: snap.State}
	case snap.State != service.StateRunning && snap.State != service.StatePaused:
		return nil, &service.StateError{Kind: service.NotNow, Op: "to look inside", Name: snap.Name, State: snap.State}
	}
	out := map[string]dbus.Variant{}
	for _, kind := range slices.Sorted(maps.Keys(parts)) {
		if len(kinds) > 0 && !slices.Contains(kinds, kind) {
			continue
		}
		err := parts[kind](ctx, s, c, out)
		_, ended := errors.AsType[*service.StateError](err)
		if err != nil && (len(kinds) > 0 || ended || service.Refused(err)) {
			return nil, err
		}
	}
	return []any{out}, nil
}

// guestText is a text of a container as the bus can have it.
func guestText(s string) string {
	if len(s) > maxGuestText {
		s = s[:maxGuestText]
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

func guestHostName(ctx context.Context, s *Server, c *call, out map[string]dbus.Variant) error {
	name, err := s.core.HostName(ctx, c.uuid)
	if err == nil {
		out["hostname"] = dbus.MakeVariant(guestText(name))
	}
	return err
}

// guestSystem gives the system by the names of os-release(5), and the kernel, which is the host's.
func guestSystem(ctx context.Context, s *Server, c *call, out map[string]dbus.Variant) error {
	release, err := s.core.Release(ctx, c.uuid)
	if err != nil {
		return err
	}
	for _, name := range []string{"ID", "NAME", "PRETTY_NAME", "VERSION", "VERSION_ID", "VARIANT", "VARIANT_ID"} {
		if value := release[name]; value != "" {
			out["os-"+strings.ReplaceAll(strings.ToLower(name), "_", "-")] = dbus.MakeVariant(guestText(value))
		}
	}
	kernel, version, machine := service.KernelNames()
	out["kernel-release"], out["kernel-version"], out["machine"] = dbus.MakeVariant(kernel), dbus.MakeVariant(version), dbus.MakeVariant(machine)
	return nil
}

func guestTimeZone(ctx context.Context, s *Server, c *call, out map[string]dbus.Variant) error {
	zone, err := s.core.TimeZone(ctx, c.uuid)
	if err == nil {
		out["timezone"], out["timezone-offset"] = dbus.MakeVariant(guestText(zone.Name)), dbus.MakeVariant(int32(zone.Offset))
	}
	return err
}

// guestTime gives the host's time: a container has no other.
func guestTime(_ context.Context, _ *Server, _ *call, out map[string]dbus.Variant) error {
	out["time-usec"] = dbus.MakeVariant(uint64(time.Now().UnixMicro()))
	return nil
}

// guestFileSystem is a row of filesystems.
type guestFileSystem struct{ MountPoint, Name, Type string }

func guestFileSystems(ctx context.Context, s *Server, c *call, out map[string]dbus.Variant) error {
	list, err := s.core.FileSystems(ctx, c.uuid)
	if err != nil {
		return err
	}
	rows := []guestFileSystem{}
	for _, fs := range list[:min(len(list), maxGuestFileSystems)] {
		rows = append(rows, guestFileSystem{guestText(fs.MountPoint), guestText(fs.Name), guestText(fs.Type)})
	}
	out["filesystems"] = dbus.MakeVariant(rows)
	return nil
}

// guestInterface is a row of interfaces. The addresses have their prefixes.
type guestInterface struct {
	Name, MAC string
	Addresses []string
}

func guestInterfaces(ctx context.Context, s *Server, c *call, out map[string]dbus.Variant) error {
	list, err := s.core.GuestInterfaces(ctx, c.uuid)
	if err != nil {
		return err
	}
	rows := []guestInterface{}
	for _, link := range list[:min(len(list), maxGuestLinks)] {
		row := guestInterface{guestText(link.Name), link.MAC, []string{}}
		for _, a := range link.Addresses[:min(len(link.Addresses), maxGuestAddresses)] {
			row.Addresses = append(row.Addresses, a.String())
		}
		rows = append(rows, row)
	}
	out["interfaces"] = dbus.MakeVariant(rows)
	return nil
}

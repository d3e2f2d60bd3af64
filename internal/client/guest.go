package client

import (
	"context"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
)

// GuestInfo is what a running container is to itself. What it does not tell is empty.
type GuestInfo struct {
	HostName                                                       *string
	ID, OSName, PrettyName, Version, VersionID, Variant, VariantID string // os-release(5)
	KernelRelease, KernelVersion, Machine                          string
	TimeZone                                                       *string
	TimeZoneOffset                                                 int32 // seconds to the east of UTC
	TimeUSec                                                       uint64
	FileSystems                                                    *[]GuestFileSystem
	Interfaces                                                     *[]GuestInterface
}

// GuestFileSystem is one that holds files of the container.
type GuestFileSystem struct{ MountPoint, Name, Type string }

// GuestInterface is a link in the container. Its addresses have their prefixes.
type GuestInterface struct {
	Name, MAC string
	Addresses []string
}

// GetGuestInfo asks for kinds of org.berth1(5), for all that can be read if none is named.
func (c *Client) GetGuestInfo(ctx context.Context, p Path, kinds ...string) (g GuestInfo, err error) {
	var reply map[string]dbus.Variant
	if err := c.call(ctx, p, contract.ContainerInterface, "GetGuestInfo", []any{append([]string{}, kinds...), noOptions()}, &reply); err != nil {
		return g, err
	}
	var hostname, zone string
	var mounts []GuestFileSystem
	var links []GuestInterface
	err = storeAll(reply, map[string]any{
		"os-id": &g.ID, "os-name": &g.OSName, "os-pretty-name": &g.PrettyName, "os-version": &g.Version, "os-version-id": &g.VersionID,
		"os-variant": &g.Variant, "os-variant-id": &g.VariantID, "kernel-release": &g.KernelRelease, "kernel-version": &g.KernelVersion, "machine": &g.Machine,
		"hostname": &hostname, "timezone": &zone, "timezone-offset": &g.TimeZoneOffset, "time-usec": &g.TimeUSec, "filesystems": &mounts, "interfaces": &links,
	})
	there := func(name string) bool {
		_, is := reply[name]
		return is
	}
	if there("hostname") {
		g.HostName = &hostname
	}
	if there("timezone") {
		g.TimeZone = &zone
	}
	if there("filesystems") {
		g.FileSystems = &mounts
	}
	if there("interfaces") {
		g.Interfaces = &links
	}
	return g, err
}

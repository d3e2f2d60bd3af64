package hostnet

import (
	"context"
	"errors"

	"github.com/godbus/dbus/v5"
)

// Deps is what a Host works with.
type Deps struct {
	Bus      *dbus.Conn // asks who has a name
	Networkd Peer
	Services Services
	// The directories of the files: /run/systemd/network, /run/systemd/resolved.conf.d.
	NetworkFiles, ResolverFiles string
	Proc, Sys                   string // /proc/sys/net, /sys/class/net
}

// Peer calls systemd-networkd's methods.
type Peer interface {
	Call(ctx context.Context, path dbus.ObjectPath, method string, args ...any) *dbus.Call
}

// Services starts services of the host. *units.Client implements it.
type Services interface {
	StartService(ctx context.Context, name string) error
	RestartService(ctx context.Context, name string) error
}

// Host makes the networks of this host.
type Host struct{ Deps }

// New returns a Host. It returns an error if a dependency is missing.
func New(d Deps) (*Host, error) {
	if d.Bus == nil || d.Networkd == nil || d.Services == nil || d.NetworkFiles == "" || d.ResolverFiles == "" || d.Proc == "" || d.Sys == "" {
		return nil, errors.New("hostnet: a dependency is missing")
	}
	return &Host{d}, nil
}

// Replies returns the signatures of the replies to the methods that a Host calls.
func Replies() map[string]string {
	return map[string]string{
		manager + "Reload":         "",
		manager + "GetLinkByIndex": "so",
		properties + "Get":         "v",
	}
}

const (
	// BusName is systemd-networkd's name on the bus.
	BusName = "org.freedesktop.network1"

	resolverName    = "org.freedesktop.resolve1"
	networkdService = "systemd-networkd.service"
	resolverService = "systemd-resolved.service"

	busPath    = dbus.ObjectPath("/org/freedesktop/network1")
	manager    = "org.freedesktop.network1.Manager."
	dhcpServer = "org.freedesktop.network1.DHCPServer"
	properties = "org.freedesktop.DBus.Properties."
)

// runs reports whether somebody has a name on the bus.
func (h *Host) runs(ctx context.Context, name string) (there bool, err error) {
	err = h.Bus.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, name).Store(&there)
	return there, err
}

package main

import (
	"log/slog"
	"path/filepath"

	"github.com/berthd/berth/internal/bus"
	"github.com/berthd/berth/internal/hostnet"
	"github.com/berthd/berth/internal/store"
	"github.com/berthd/berth/service"
	"github.com/berthd/berth/units"
)

// networks assembles the registry of the host's networks.
func networks(conn *bus.Conn, systemd *units.Client, changed service.NetworkObserver, p paths, log *slog.Logger) (*service.Networks, error) {
	host, err := hostnet.New(hostnet.Deps{
		Bus: conn.Conn, Networkd: bus.NewPeer(conn.Conn, hostnet.BusName), Services: systemd,
		NetworkFiles: "/run/systemd/network", ResolverFiles: "/run/systemd/resolved.conf.d",
		Proc: "/proc/sys/net", Sys: "/sys/class/net",
	})
	if err != nil {
		return nil, err
	}
	p.networks.Libvirt = "/etc/libvirt/qemu/networks"
	p.networks.Notes = filepath.Join(p.runs, "networks")
	return service.NewNetworks(service.NetworksDeps{
		Store: store.NewNetworks(p.networks, log), Host: host, Observer: changed, Log: log, Reached: reached(),
	})
}

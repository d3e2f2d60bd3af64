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

// hostNetworks makes what makes the networks of the host.
func hostNetworks(conn *bus.Conn, systemd *units.Client) (*hostnet.Host, error) {
	return hostnet.New(hostnet.Deps{
		Bus: conn.Conn, Networkd: bus.NewPeer(conn.Conn, hostnet.BusName), Services: systemd,
		NetworkFiles: "/run/systemd/network", ResolverFiles: "/run/systemd/resolved.conf.d",
		Proc: "/proc/sys/net", Sys: "/sys/class/net",
	})
}

// networks assembles the registry of the host's networks.
func networks(host *hostnet.Host, changed service.NetworkObserver, p paths, log *slog.Logger) (*service.Networks, error) {
	p.networks.Libvirt = "/etc/libvirt/qemu/networks"
	p.networks.Notes = filepath.Join(p.runs, "networks")
	return service.NewNetworks(service.NetworksDeps{
		Store: store.NewNetworks(p.networks, log), Host: host, Observer: changed, Log: log, Reached: reached(),
	})
}

package main

import (
	"strings"

	"github.com/berthd/berth/test/bench/host"
	"github.com/berthd/berth/test/bench/report"
)

// peerConfig is a peer and how it is measured.
type peerConfig struct {
	name     string       // its name in the tables
	peer     string       // its name in package peers
	flavour  host.Flavour // the flavour of nest that it needs
	extra    bool         // only warm starts: another way to call or configure a peer that is measured in full
	commands bool         // only commands in containers of another peer
	lasting  bool         // one container that runs through all rounds of commands
	socket   bool         // only containers that are started by a connection
	dynMods  bool         // only when cgroup2 has favordynmods
	figures  string       // the peer of whose running containers it reads the figures
	observer bool         // it does nothing else
	packages []string     // the Debian packages that it needs
}

// basePackages returns the Debian packages that a nest and the containers' roots need.
func basePackages() []string {
	return []string{"systemd", "systemd-container", "dbus", "polkitd", "iproute2", "util-linux", "busybox-static"}
}

// libvirtPackages returns the Debian packages that libvirt's peers need.
func libvirtPackages() []string {
	return []string{"libvirt-daemon", "libvirt-daemon-system", "libvirt-daemon-driver-lxc", "libvirt-clients"}
}

// peerConfigs returns all peers in the order of the tables.
func peerConfigs() []peerConfig {
	libvirt := libvirtPackages()
	return []peerConfig{
		{name: "berth", peer: "berth", flavour: host.Plain, figures: "berth"},
		{name: report.Floor, peer: "floor", flavour: host.Plain},
		{name: report.WithUserNamespace, peer: "berth-userns", flavour: host.Plain, extra: true},
		{name: report.WithVeth, peer: "berth-veth", flavour: host.Plain, extra: true},
		{name: report.WithDynMods, peer: "berth-dynmods", flavour: host.Plain, extra: true, dynMods: true},
		{name: "berthctl", peer: "berthctl", flavour: host.Plain, extra: true, figures: "berth"},
		{name: report.TopLook, peer: "berth-top", flavour: host.Plain, extra: true, figures: "berth", observer: true},
		{name: "systemd-cgtop", peer: "systemd-cgtop", flavour: host.Plain, extra: true, figures: "berth", observer: true},
		{name: "nsenter", peer: "berth-nsenter", flavour: host.Plain, extra: true, commands: true},
		{name: "bus-calls", peer: "berth-bus", flavour: host.Plain, extra: true, commands: true},
		{name: "berth-socket", peer: "berth-socket", flavour: host.Plain, extra: true, socket: true},
		{name: "berth-recipe", peer: "berth-recipe", flavour: host.Plain, extra: true, socket: true},
		{name: report.OursInSystemd, peer: "systemd-berth", flavour: host.Plain, extra: true, commands: true, lasting: true},
		{name: "berthctl@systemd", peer: "systemd-berthctl", flavour: host.Plain, extra: true, commands: true, lasting: true},
		{name: report.SystemdRun, peer: "systemd-run", flavour: host.Plain, extra: true, commands: true, lasting: true},
		{name: report.MachinectlShell, peer: "systemd-shell", flavour: host.Plain, extra: true, commands: true, lasting: true},
		{name: "nspawn", peer: "nspawn", flavour: host.Plain},
		{name: "nspawn-terminate", peer: "nspawn-terminate", flavour: host.Plain, extra: true},
		{name: "nspawn-veth", peer: "nspawn-veth", flavour: host.Plain, extra: true},
		{name: "nspawn@libvirt", peer: "nspawn", flavour: host.Libvirt, extra: true},
		{name: "libvirt", peer: "libvirt", flavour: host.Libvirt, figures: "libvirt", packages: libvirt},
		{name: "virsh", peer: "virsh", flavour: host.Libvirt, extra: true, packages: libvirt},
		{name: "lxc", peer: "lxc", flavour: host.Plain, packages: []string{"lxc"}},
		{name: "lxc-veth", peer: "lxc-veth", flavour: host.Plain, extra: true, packages: []string{"lxc"}},
		{name: "runc", peer: "runc", flavour: host.Plain, packages: []string{"runc"}},
		{name: "crun", peer: "crun", flavour: host.Plain, packages: []string{"crun"}},
		{name: "runc@systemd-cgroup", peer: "runc-systemd", flavour: host.Plain, packages: []string{"runc"}},
		{name: "crun@systemd-cgroup", peer: "crun-systemd", flavour: host.Plain, packages: []string{"crun"}},
	}
}

// berth reports whether the peer needs Berth in the nest.
func (p peerConfig) berth() bool {
	return strings.HasPrefix(p.peer, "berth") || strings.HasPrefix(p.peer, "systemd-")
}

func peerNames() []string {
	var names []string
	for _, each := range peerConfigs() {
		names = append(names, each.name)
	}
	return names
}

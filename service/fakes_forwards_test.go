package service

import (
	"context"
	"io"
	"maps"
	"net/netip"
	"slices"
	"syscall"
)

// forwardsFake is the host's packet filter, which outlives a daemon, and its sockets, which do not.
type forwardsFake struct{ *daemon }

// watchesFake are what a daemon watches.
type watchesFake struct {
	held            int // reserved ports
	removed, leased func()
}

type heldFake func()

func (h heldFake) Close() error { h(); return nil }

func (d forwardsFake) Reserve(list []Forward) (io.Closer, int, error) {
	if err := d.call("forwards.Reserve"); err != nil {
		return nil, 0, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, p := range list {
		if slices.Contains(d.ports.taken, p.Host) {
			return nil, i, syscall.EADDRINUSE
		}
	}
	d.watches.held += len(list)
	return heldFake(func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.watches.held -= len(list)
	}), 0, nil
}

func (d forwardsFake) Open(owner string, list []Forward) error {
	err := d.call("forwards.Open")
	d.mu.Lock()
	defer d.mu.Unlock()
	open := slices.DeleteFunc(slices.Clone(d.ports.open[owner]), func(o Forward) bool { _, again := overlap([]Forward{o}, list); return again })
	d.ports.open[owner] = append(open, list...)
	return err
}

func (d forwardsFake) Close(owner string, _ []Forward) error {
	err := d.call("forwards.Close")
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.ports.open, owner)
	return err
}

func (d forwardsFake) WatchFilter(removed func()) (func(), error) {
	return d.watch(&d.watches.removed, removed)
}

func (d forwardsFake) WatchLeases(changed func()) (func(), error) {
	return d.watch(&d.watches.leased, changed)
}

func (d forwardsFake) watch(which *func(), then func()) (func(), error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	*which = then
	return func() { d.mu.Lock(); defer d.mu.Unlock(); *which = nil }, nil
}

// portsFake is what the host has of ports, and what networks say.
type portsFake struct {
	taken  []uint16 // by programs of the host
	open   map[string][]Forward
	reach  NetworkReach
	leases []NetworkLease
}

// flush is what "nft flush ruleset" does.
func (w *world) flush(s *Service) {
	w.mu.Lock()
	clear(w.ports.open)
	told := w.daemons[s].watches.removed
	w.mu.Unlock()
	told()
}

// lease has the DHCP server of a network give an address.
func (w *world) lease(s *Service, list ...NetworkLease) {
	w.mu.Lock()
	w.ports.leases = list
	told := w.daemons[s].watches.leased
	w.mu.Unlock()
	told()
}

// targets are the addresses of IPv4 that ports are forwarded to.
func (w *world) targets() (list []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range slices.Concat(slices.Collect(maps.Values(w.ports.open))...) {
		list = append(list, p.To4)
	}
	return list
}

// leaseOf is an address that a host has by DHCP.
func leaseOf(mac, address string) NetworkLease {
	return NetworkLease{MAC: mac, Address: netip.MustParsePrefix(address)}
}

// reachFake is a host with the network "blue".
type reachFake struct {
	bridgesFake
	*daemon
}

func (r reachFake) Reach(string, string) (NetworkReach, error) { return r.ports.reach, nil }

func (r reachFake) Leases(context.Context, string) ([]NetworkLease, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.ports.leases), nil
}

func (b bridgesFake) Reach(network, _ string) (NetworkReach, error) {
	_, err := b.Bridge(network)
	return NetworkReach{}, err
}

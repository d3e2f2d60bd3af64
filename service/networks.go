package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/netxml"
)

// NetworksDeps is everything that Networks works with. Only Reached may be nil.
type NetworksDeps struct {
	Store    NetworkStore
	Host     NetworkHost
	Observer NetworkObserver
	Log      *slog.Logger
	// Reached, if set, is called at each point between two steps. It is for tests.
	Reached func(point string) error
}

// Networks is the registry of the host's networks, and carries out all operations on them. It knows nothing of
// containers. Definitions are read from their files each time, so that what others write there counts at once. What is
// active is in memory, and in the notes for a later daemon.
type Networks struct {
	NetworksDeps
	turn    chan struct{} // holds a token while a network is changed: one change at a time
	mu      sync.RWMutex
	live    map[string]*liveNetwork
	unwatch func() // ends what watch began; it belongs to who has the turn
}

// liveNetwork is an active network. It is never changed.
type liveNetwork struct {
	def  *netxml.Def
	plan *netxml.Plan // nil for the mode bridge
}

// NetworkInfo is a network at one moment, for readers.
type NetworkInfo struct {
	Name       string
	UUID       domain.UUID
	Bridge     string
	Forward    string
	Origin     Origin
	Active     bool
	Persistent bool
	Autostart  bool
	Fault      string // why the definition cannot be used, if that is so
}

// NewNetworks returns an empty registry, which Recover fills. It returns an error if a field of d is missing.
func NewNetworks(d NetworksDeps) (*Networks, error) {
	if d.Store == nil || d.Host == nil || d.Observer == nil || d.Log == nil {
		return nil, errors.New("networks: a dependency is missing")
	}
	return &Networks{NetworksDeps: d, turn: make(chan struct{}, 1), live: map[string]*liveNetwork{}}, nil
}

// begin waits for the end of other changes. The caller must call the returned function, if there is no error.
func (n *Networks) begin(ctx context.Context) (end func(), err error) {
	select {
	case n.turn <- struct{}{}:
		return func() { <-n.turn }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (n *Networks) active(name string) *liveNetwork {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.live[name]
}

func (n *Networks) setActive(name string, l *liveNetwork) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if l == nil {
		delete(n.live, name)
		return
	}
	n.live[name] = l
}

// Bridge implements Bridges.
func (n *Networks) Bridge(name string) (string, error) {
	if l := n.active(name); l != nil {
		return l.def.Bridge, nil
	}
	info, err := n.Network(name)
	switch {
	case err != nil:
		return "", err
	case !info.Active:
		return "", &NetworkStateError{Name: name}
	}
	return info.Bridge, nil
}

// Reach implements Bridges.
func (n *Networks) Reach(name, mac string) (NetworkReach, error) {
	var d *netxml.Def
	l := n.active(name)
	if l != nil {
		d = l.def
	} else {
		s, err := n.stored(name)
		if err != nil {
			return NetworkReach{}, err
		}
		d = s.Def
	}
	reach := NetworkReach{Isolated: d.Mode == netxml.Isolated, DHCP: l != nil && l.plan != nil && d.GivesIPv4()}
	if m, err := domain.ParseMAC("mac", mac); err == nil {
		reach.Known = d.Known(m.String())
	}
	return reach, nil
}

// Network returns a network by its name or uuid. It returns ErrNoNetwork if there is none.
func (n *Networks) Network(name string) (NetworkInfo, error) {
	list, err := n.List()
	if err != nil {
		return NetworkInfo{}, err
	}
	for _, info := range list {
		if info.Name == name {
			return info, nil
		}
	}
	if u, err := domain.ParseUUID(name); err == nil {
		for _, info := range list {
			if info.UUID == u {
				return info, nil
			}
		}
	}
	return NetworkInfo{}, noNetwork(name)
}

// List returns all networks, by name.
func (n *Networks) List() ([]NetworkInfo, error) {
	stored, err := n.Store.Load()
	if err != nil {
		return nil, err
	}
	var list []NetworkInfo
	for _, s := range stored {
		info, err := n.info(s)
		if err != nil {
			return nil, err
		}
		list = append(list, info)
	}
	n.mu.RLock()
	defer n.mu.RUnlock()
	for name, l := range n.live {
		if !slices.ContainsFunc(list, func(i NetworkInfo) bool { return i.Name == name }) {
			list = append(list, NetworkInfo{
				Name: name, UUID: l.def.UUID, Bridge: l.def.Bridge, Forward: string(l.def.Mode), Origin: OriginOwn, Active: true,
			})
		}
	}
	slices.SortFunc(list, func(a, b NetworkInfo) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// info describes a stored network. One of libvirt's is active, too, while libvirt runs it: then its bridge is there.
func (n *Networks) info(s StoredNetwork) (NetworkInfo, error) {
	info := NetworkInfo{Name: s.Name, Origin: s.Origin, Persistent: true, Autostart: s.Autostart}
	d := s.Def
	if l := n.active(s.Name); l != nil {
		d, info.Active = l.def, true
	}
	if s.Err != nil {
		info.Fault = s.Err.Error()
	}
	if d == nil {
		return info, nil
	}
	info.UUID, info.Bridge, info.Forward = d.UUID, d.Bridge, string(d.Mode)
	if s.Origin == OriginLibvirt && !info.Active && d.Bridge != "" {
		there, err := n.Host.HasLink(d.Bridge)
		if err != nil {
			return info, err
		}
		info.Active = there
	}
	return info, nil
}

// stored returns the stored definition of a network. It returns an error if that cannot be used.
func (n *Networks) stored(name string) (StoredNetwork, error) {
	list, err := n.Store.Load()
	if err != nil {
		return StoredNetwork{}, err
	}
	for _, s := range list {
		if s.Name != name {
			continue
		}
		if s.Err != nil {
			return s, fmt.Errorf("%s: %w", s.File, s.Err)
		}
		return s, nil
	}
	return StoredNetwork{}, noNetwork(name)
}

// XML returns the live definition of an active network, or the stored one if there is no other or inactive is true.
func (n *Networks) XML(name string, inactive bool) (string, error) {
	info, err := n.Network(name)
	if err != nil {
		return "", err
	}
	if l := n.active(info.Name); l != nil && (!inactive || !info.Persistent) {
		return l.def.Format()
	}
	s, err := n.stored(info.Name)
	if err != nil {
		return "", err
	}
	return s.Def.Format()
}

// Leases returns the addresses that hosts in an active network have by DHCP.
func (n *Networks) Leases(ctx context.Context, name string) ([]NetworkLease, error) {
	info, err := n.Network(name)
	switch {
	case err != nil:
		return nil, err
	case !info.Active:
		return nil, &NetworkStateError{Name: info.Name}
	}
	return n.Host.Leases(ctx, info.Bridge)
}

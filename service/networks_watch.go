package service

import (
	"maps"

	"github.com/berthd/berth/internal/netxml"
)

// watch has the host tell of what others do to active networks, as long as there are any. The caller has the turn.
func (n *Networks) watch() {
	made := false
	for _, l := range n.all() {
		made = made || l.plan != nil
	}
	switch {
	case made && n.unwatch == nil:
		stop, err := n.Host.Watch(n.filterRemoved, n.routesChanged)
		if err != nil {
			n.Log.Warn("rules of networks that others remove come back with the next berthd only", "err", err)
			return
		}
		n.unwatch = stop
	case !made && n.unwatch != nil:
		n.unwatch()
		n.unwatch = nil
	}
}

// filterRemoved makes the tables of active networks again that others have removed, as one does who loads the rules of
// the host anew.
func (n *Networks) filterRemoved() {
	end, err := n.begin(detached())
	if err != nil {
		return
	}
	defer end()
	again := false
	for name, l := range n.all() {
		if l.plan == nil {
			continue
		}
		made, err := n.restoreFilter(l.plan)
		switch {
		case err != nil:
			n.Log.Error("rules of a network that others have removed", "network", name, "err", err)
		case made:
			again = true
			n.changed(l.def, NetworkUpdated)
			n.Log.Warn("the rules of a network were removed by others, and are made again", "network", name, "table", l.plan.Filter.Table)
		}
	}
	if again {
		n.setWays()
	}
}

// restoreFilter makes the table of an active network, unless it is there.
func (n *Networks) restoreFilter(p *netxml.Plan) (made bool, err error) {
	if p.Filter == nil {
		return false, nil
	}
	if there, err := n.Host.HasFilter(p.Filter); err != nil || there {
		return false, err
	}
	return true, n.Host.SetFilter(p.Filter)
}

func (n *Networks) routesChanged() {
	end, err := n.begin(detached())
	if err != nil {
		return
	}
	defer end()
	n.setWays()
}

// setWays tells the host's packet filter by which bridges packets may leave networks behind NAT. Routed networks can be
// reached from everywhere, so from these too. The caller has the turn.
func (n *Networks) setWays() {
	var apart []*netxml.Filter
	var routed []string
	for _, l := range n.all() {
		switch {
		case l.def.Mode == netxml.Route || l.def.Mode == netxml.Open:
			routed = append(routed, l.def.Bridge)
		case l.plan != nil && l.plan.Filter != nil && l.plan.Filter.Apart:
			apart = append(apart, l.plan.Filter)
		}
	}
	if len(apart) == 0 {
		return
	}
	if err := n.Host.SetWays(apart, routed); err != nil {
		n.Log.Error("the ways out of networks", "err", err)
	}
}

// all returns the active networks.
func (n *Networks) all() map[string]*liveNetwork {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return maps.Clone(n.live)
}

func (n *Networks) changed(d *netxml.Def, what NetworkEvent) {
	n.Observer.NetworkChanged(d.Name, d.UUID, what)
}

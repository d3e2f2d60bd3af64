package network

import (
	"errors"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/plan"
)

// tag puts a port of a bridge into its VLANs, and takes it out of the one that the bridge gives each port.
func (m *maker) tag(i *plan.Interface, bridge, end netlink.Link) error {
	if len(i.Host.VLANs) == 0 {
		return nil
	}
	at := i.Element + "/vlan"
	b, is := bridge.(*netlink.Bridge)
	if !is || b.VlanFiltering == nil || !*b.VlanFiltering {
		return refused(at, "the bridge '%s' does not filter VLANs, and so would not keep them apart; "+
			"it does after: ip link set %s type bridge vlan_filtering 1", i.Host.Bridge, i.Host.Bridge)
	}
	if preset := presetVLAN(bridge); preset != 0 &&
		!slices.ContainsFunc(i.Host.VLANs, func(v plan.PortVLAN) bool { return v.ID == preset }) {
		if err := m.host.BridgeVlanDel(end, preset, false, false, false, false); err != nil && !errors.Is(err, unix.ENOENT) {
			return explain(at, err, "")
		}
	}
	for _, v := range i.Host.VLANs { // the flags of one that is there are replaced
		if err := m.host.BridgeVlanAdd(end, v.ID, v.PVID, v.Untagged, false, false); err != nil {
			return explain(at, err, "")
		}
	}
	return nil
}

// presetVLAN returns the VLAN that a bridge puts each port into, 0 if none.
func presetVLAN(bridge netlink.Link) uint16 {
	if b, is := bridge.(*netlink.Bridge); is && b.VlanDefaultPVID != nil {
		return *b.VlanDefaultPVID
	}
	return 0
}

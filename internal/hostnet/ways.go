package hostnet

import (
	"errors"
	"fmt"
	"slices"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/netxml"
)

// waysName is the set of a network's table that has the bridges by which packets may leave the network.
const waysName = "ways"

// addWays adds the set of a table, if the network has one.
func (h *Host) addWays(c *nftables.Conn, t *nftables.Table, f *netxml.Filter) (*nftables.Set, error) {
	if !f.Apart {
		return nil, nil //nolint:nilnil // no such set
	}
	names, err := defaultWays()
	if err != nil {
		return nil, err
	}
	set := waysOf(t)
	if err := c.AddSet(set, elements(names)); err != nil {
		return nil, filterError("make the set "+waysName, err)
	}
	return set, nil
}

// SetWays replaces the bridges by which packets may leave networks: those that a default route of the host goes by, and
// the given ones.
func (h *Host) SetWays(list []*netxml.Filter, routed []string) error {
	names, err := defaultWays()
	if err != nil {
		return err
	}
	var faults []error
	for _, f := range list {
		if !f.Apart {
			continue
		}
		c, err := nftables.New()
		if err != nil {
			return fmt.Errorf("packet filter: %w", err)
		}
		set := waysOf(&nftables.Table{Name: f.Table, Family: nftables.TableFamilyINet})
		c.FlushSet(set)
		if err = c.SetAddElements(set, elements(append(slices.Clip(names), routed...))); err == nil {
			err = c.Flush()
		}
		if err != nil {
			faults = append(faults, filterError("set the ways out in table "+f.Table, err))
		}
	}
	return errors.Join(faults...)
}

func waysOf(t *nftables.Table) *nftables.Set {
	return &nftables.Set{Table: t, Name: waysName, KeyType: nftables.TypeIFName}
}

func elements(names []string) (list []nftables.SetElement) {
	seen := map[string]bool{}
	for _, name := range names {
		if !seen[name] {
			list = append(list, nftables.SetElement{Key: linkName(name)})
		}
		seen[name] = true
	}
	return list
}

// defaultWays returns the links that the host's default routes go by, in all its tables of routes.
func defaultWays() (names []string, err error) {
	routes, err := netlink.RouteListFiltered(netlink.FAMILY_ALL, &netlink.Route{Table: unix.RT_TABLE_UNSPEC}, netlink.RT_FILTER_TABLE)
	if err != nil {
		return nil, fmt.Errorf("list the routes: %w", err)
	}
	add := func(index int) {
		l, err := netlink.LinkByIndex(index)
		if err == nil { // else it has gone, with its routes
			names = append(names, l.Attrs().Name)
		}
	}
	for _, r := range routes {
		if !isDefault(r) {
			continue
		}
		if r.LinkIndex > 0 {
			add(r.LinkIndex)
		}
		for _, hop := range r.MultiPath {
			add(hop.LinkIndex)
		}
	}
	return names, nil
}

func isDefault(r netlink.Route) bool {
	if r.Type != unix.RTN_UNICAST {
		return false
	}
	if r.Dst == nil {
		return true
	}
	bits, _ := r.Dst.Mask.Size()
	return bits == 0
}

// toBridge is true if a packet leaves by a bridge.
func toBridge() []expr.Any {
	const outKind expr.MetaKey = 27 // NFT_META_OIFKIND
	return []expr.Any{&expr.Meta{Key: outKind, Register: 1}, &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: linkName("bridge")}}
}

// notIn is true if the name of a packet's interface is not in a set.
func notIn(set *nftables.Set, key expr.MetaKey) []expr.Any {
	return []expr.Any{&expr.Meta{Key: key, Register: 1}, &expr.Lookup{SourceRegister: 1, SetName: set.Name, SetID: set.ID, Invert: true}}
}

// linkName is the name of an interface as the packet filter compares it.
func linkName(name string) []byte {
	data := make([]byte, unix.IFNAMSIZ)
	copy(data, name)
	return data
}
